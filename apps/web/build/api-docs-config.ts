import { resolve } from "node:path";
import type { InlineConfig } from "vite";
import { viteConfig } from "./vite-config.ts";

/** Separate build of `/api/docs` that shares no chunk with the app. @param outFolder folder of the finished app */
export function apiDocsConfig(root: string, outFolder: string): InlineConfig {
  const app = viteConfig(root, outFolder);
  return {
    ...app,
    plugins: [],
    build: {
      ...app.build,
      emptyOutDir: false,
      manifest: false,
      // One script and one style sheet. The viewer's package is already bundled.
      cssCodeSplit: false,
      rolldownOptions: { input: resolve(root, "api-docs.html") },
    },
  };
}
