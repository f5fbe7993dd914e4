import type { Plugin } from "vite";

/** Lets the page load what shows the first list beside what runs first, which imports it later. */
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
