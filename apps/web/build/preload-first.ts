import type { Plugin } from "vite";

/**
 * Adds preload links to the page for the chunks of the first list, so that they load in parallel with the entry script.
 */
export function preloadFirst(): Plugin {
  return {
    name: "holdfast-preload-first",
    transformIndexHtml: {
      order: "post",
      handler: (_html, { path, bundle }) =>
        path !== "/index.html"
          ? []
          : Object.values(bundle ?? {})
              .filter((chunk) => chunk.type === "chunk" && ["main", "first"].includes(chunk.name))
              .map(({ fileName }) => ({
                tag: "link",
                attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` },
                injectTo: "head" as const,
              })),
    },
  };
}
