import { resolve } from "node:path";
import tailwind from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";
import { writeAppManifest } from "./app-manifest.ts";
import { calledRoutes } from "./called-routes.ts";
import { firstChunks } from "./first-chunks.ts";
import { preloadFirst } from "./preload-first.ts";
import { writeModuleSizes } from "./module-sizes.ts";

export const webRoot = resolve(import.meta.dirname, "..");

/** No config file is read, because `holdfast serve` also runs the build with this configuration. */
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
    // Explained in adopted-style.ts. The path starts at `webRoot`, because the sources may be a copy elsewhere.
    resolve: { alias: { "react-style-singleton": resolve(webRoot, "src/design/adopted-style.ts") } },
    // Workers await imports before they listen, which classic scripts cannot do.
    worker: { format: "es" },
    build: {
      outDir: outFolder,
      emptyOutDir: true,
      manifest: true,
      target: "es2023",
      // Browsers with `light-dark()`. Its polyfill supports only one theme per page.
      cssTarget: ["chrome123", "firefox120", "safari17.5"],
      // The Content-Security-Policy blocks `data:` URLs.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      // Checked by budget.test.ts.
      chunkSizeWarningLimit: 4096,
      rolldownOptions: {
        input: [resolve(root, "index.html"), resolve(root, "preview-frame.html")],
        output: { codeSplitting: { groups: [helpers, { name: firstChunks(root, stages), debugName: "first" }] } },
      },
    },
  };
}

/** The first stage sends requests while the second one, which shows the list, loads. */
const stages = [
  { name: "begin", starts: ["src/begin.ts"] },
  { name: "first", starts: ["src/main.tsx"] },
];

/**
 * Modules of the build and modules that the preview frame shares with the app. A chunk of the first list includes its
 * modules' imports, so the frame would load the app.
 */
export const helpers = { name: "helpers", test: /^\0|packages\/core\/src\/format-bytes/, priority: 1 };
