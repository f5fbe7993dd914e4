import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { calledRoutes } from "./called-routes.ts";
import { firstChunks } from "./first-chunks.ts";
import { writeModuleSizes } from "./module-sizes.ts";
import { helpers, viteConfig } from "./vite-config.ts";

export const linkManifestName = ".vite/link-manifest.json";
export const linkModuleSizesName = ".vite/link-modules.json";

/**
 * Separate build of the link page. In a common build, each page would load chunks of the other, which run the code that
 * opens a session. Otherwise there would be more and smaller chunks, which compress worse.
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
