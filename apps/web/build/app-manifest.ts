import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

/**
 * Writes the manifest that browsers need to install the app. Icons are assets, so their names contain a content hash.
 */
export function writeAppManifest(root: string): Plugin {
  return {
    name: "holdfast-app-manifest",
    generateBundle() {
      const listed = icons.map(({ file, ...facts }) => {
        const source = readFileSync(join(root, "src/icons", file));
        const reference = this.emitFile({ type: "asset", name: file, source });
        return Object.assign({ src: `/${this.getFileName(reference)}` }, facts);
      });
      const source = JSON.stringify({ ...manifest, icons: listed });
      this.emitFile({ type: "asset", fileName: "manifest.webmanifest", source });
    },
  };
}

const icons = [
  { file: "icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" },
  { file: "icon-192.png", sizes: "192x192", type: "image/png", purpose: "any" },
  { file: "icon-512.png", sizes: "512x512", type: "image/png", purpose: "any" },
  { file: "icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
];

/** Colors of the light theme's canvas in design/tokens.css. */
const manifest = {
  id: "/",
  name: "Holdfast",
  short_name: "Holdfast",
  start_url: "/files",
  scope: "/",
  display: "standalone",
  theme_color: "#fbfbfa",
  background_color: "#fbfbfa",
  categories: ["productivity", "utilities"],
  // The service worker answers it. Browsers offer it only for an installed app, which requires https.
  share_target: {
    action: "/receive",
    method: "POST",
    enctype: "multipart/form-data",
    params: { files: [{ name: "files", accept: ["*/*", "image/*", "video/*"] }] },
  },
};
