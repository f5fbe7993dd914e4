import { resolve } from "node:path";
import type { InlineConfig } from "vite";
import { viteConfig } from "./vite-config.ts";

/**
 * What the page of the API (`/api/docs`) is taken over by, beside a finished app: a build of its own, of which nothing is in the app's.
 * @param outFolder with the app
 */
export function apiDocsConfig(root: string, outFolder: string): InlineConfig {
  const app = viteConfig(root, outFolder);
  return {
    ...app,
    plugins: [],
    build: {
      ...app.build,
      emptyOutDir: false,
      manifest: false,
      // It is two files, one for each of its kinds; the viewer comes packed by its makers.
      cssCodeSplit: false,
      rolldownOptions: { input: resolve(root, "api-docs.html") },
    },
  };
}
