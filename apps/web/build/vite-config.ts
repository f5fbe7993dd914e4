import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { writeAppManifest } from "./app-manifest.ts";
import { calledRoutes } from "./called-routes.ts";
import { firstChunks } from "./first-chunks.ts";
import { preloadFirst } from "./preload-first.ts";
import { writeModuleSizes } from "./module-sizes.ts";

/** Of apps/web, which has the sources and `index.html`. */
export const webRoot = resolve(import.meta.dirname, "..");

/** No file of its own that Vite would look for: the build is called, by `holdfast serve` too, with what stands here. */
export function viteConfig(root: string, outFolder: string): InlineConfig {
  return {
    root,
    configFile: false,
    envDir: false,
    logLevel: "warn",
    publicDir: false,
    plugins: [
      react(),
      tailwind(),
      calledRoutes(root),
      preloadFirst(),
      writeAppManifest(root),
      writeModuleSizes(outFolder),
    ],
    // See there. Named from here, as the sources that are built may be a copy elsewhere.
    resolve: { alias: { "react-style-singleton": resolve(webRoot, "src/design/adopted-style.ts") } },
    // They wait for what they import before they listen, which a script of the old kind cannot.
    worker: { format: "es" },
    build: {
      outDir: outFolder,
      emptyOutDir: true,
      manifest: true,
      target: "es2023",
      // Those that have `light-dark()`: what stands in for it elsewhere knows only one theme a page.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      // Nothing is put into the page or a script as data: the Content-Security-Policy lets no `data:` through.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // What may be how large is held by budget.test.ts.
      chunkSizeWarningLimit: 4096,
      rolldownOptions: {
        input: [resolve(root, "index.html"), resolve(root, "preview-frame.html")],
        output: { codeSplitting: { groups: [helpers, { name: firstChunks(root, stages), debugName: "first" }] } },
      },
    },
  };
}

/** What runs first, and asks the server while the rest is on its way; and what shows the first list. */
const stages = [
  { name: "begin", starts: ["src/begin.ts"] },
  { name: "first", starts: ["src/main.tsx"] },
];

/**
 * Modules that the build itself adds, and those that the frame of previews shares with the app. In a chunk of the first list, which
 * includes the imports of its modules, they would make the frame load the app.
 */
export const helpers = { name: "helpers", test: /^\0|packages\/core\/src\/format-bytes/, priority: 1 };
