import type { Plugin } from "vite";

/** Preloads the chunks of the first list in parallel with the entry script, which imports them later. */
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
