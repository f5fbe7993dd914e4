import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { calledRoutes } from "./called-routes.ts";
import { firstChunks } from "./first-chunks.ts";
import { writeModuleSizes } from "./module-sizes.ts";
import { helpers, viteConfig } from "./vite-config.ts";

/** As those of the app, beside them. */
export const linkManifestName = ".vite/link-manifest.json";
export const linkModuleSizesName = ".vite/link-modules.json";

/**
 * The page of a link, beside a finished app. A build of its own: of one for both either page would load chunks of the other, which runs what
 * opens a session in them, or would get more and smaller chunks, which pack worse.
 * @param outFolder with the app
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
