import { copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FileTree } from "../data.ts";

const installed = fileURLToPath(new URL("../../../node_modules", import.meta.url));
/** Maximum size of files that the app sends together. */
const smallBytesMax = 256 * 1024;

/** Copies real sources, texts and JSON: a part of the installed npm packages with their folders. */
export function copyRealFiles(folder: string, files: number): FileTree & { readonly sizeBytes: number } {
  let copied = 0;
  let sizeBytes = 0;
  const waiting = [""];
  for (let at = waiting.pop(); at !== undefined && copied < files; at = waiting.pop()) {
    const entries = readdirSync(join(installed, at), { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory() && !entry.name.startsWith(".")) waiting.push(path);
      if (!entry.isFile() || copied === files) continue;
      const { size } = statSync(join(installed, path));
      if (size > smallBytesMax) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      copyFileSync(join(installed, path), join(folder, path));
      copied += 1;
      sizeBytes += size;
    }
  }
  if (copied < files) throw new Error(`Only ${copied} files are installed in ${installed}, and ${files} are measured.`);
  return { path: folder, files, sizeBytes };
}
