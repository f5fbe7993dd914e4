import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { calledRoutes } from "./called-routes.ts";
import { firstChunks } from "./first-chunks.ts";
import { writeModuleSizes } from "./module-sizes.ts";
import { helpers, viteConfig } from "./vite-config.ts";

/** Counterparts of the app's manifest and module sizes, in the same folder. */
export const linkManifestName = ".vite/link-manifest.json";
export const linkModuleSizesName = ".vite/link-modules.json";

/**
 * Build of the page for shared links, beside a finished app. It is a separate build for two reasons. In a common build,
 * each page would load chunks of the other, and those run the code that opens a session. Avoiding that would split the
 * code into more and smaller chunks, which compress worse.
 * @param outFolder folder of the finished app
 */
export function linkPageConfig(root: string, outFolder: string): InlineConfig {
  const app = viteConfig(root, outFolder);
  return {
    ...app,
    plugins: [react(), tailwind(), calledRoutes(root), writeModuleSizes(outFolder, linkModuleSizesName)],
    build: {
      ...app.build,
      emptyOutDir: false,
      manifest: linkManifestName,
      rolldownOptions: {
        input: resolve(root, "link-page.html"),
        output: { codeSplitting: { groups: [helpers, { name: firstChunks(root, stages), debugName: "link" }] } },
      },
    },
  };
}

const stages = [{ name: "link", starts: ["src/link-page/main.tsx", "src/link-page/link-place.tsx"] }];
