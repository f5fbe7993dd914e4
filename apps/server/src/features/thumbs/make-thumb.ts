import { Console } from "node:console";
import { readFileSync, writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import sharp, { type Sharp } from "sharp";
import { limits } from "@holdfast/core/limits";
import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import { pictureTypeOf } from "./picture-types.ts";
import { frameHead, readFrames, words } from "./pipe-frames.ts";

/**
 * Process for untrusted files and native libraries, so that a crash, hang or full memory affects no other process. It
 * has no secrets, open files or connections. But it runs as the server's user, whose files compromised code could read:
 * Node's permission model does not restrict native code.
 */
const edges: Readonly<Record<ThumbSize, number>> = { s: 256, m: 768, l: 2048 };

sharp.cache(false);
sharp.concurrency(1);
// Allows only these five formats, from memory. The library also supports SVG, PDF, TIFF and others.
sharp.block({ operation: ["VipsForeignLoad"] });
sharp.unblock({
  operation: [
    "VipsForeignLoadJpegBuffer",
    "VipsForeignLoadPngBuffer",
    "VipsForeignLoadWebpBuffer",
    "VipsForeignLoadNsgifBuffer",
    "VipsForeignLoadHeifBuffer",
  ],
});
// Standard output carries the thumbnails only.
globalThis.console = new Console(process.stderr);
// The PDF library reports some damage of a file when its first page is done, and nobody waits any longer.
process.on("unhandledRejection", () => {});
dieFirst();
// A thread of its own, because the rendering of a page does not yield.
new Worker(new URL("./watch-memory.ts", import.meta.url)).unref();

/** Makes the kernel kill this process first when memory runs out. */
function dieFirst(): void {
  try {
    readFileSync("/proc/self/oom_score_adj");
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Only Linux has it.
  }
}

/** Removes all metadata, such as location, camera and comments, after applying the rotation. Converts to web colors. */
async function makeThumb(file: Uint8Array, size: ThumbSize): Promise<Buffer> {
  const edge = edges[size];
  const picture = pictureTypeOf(file) === "pdf" ? await readPage(file, edge) : readPicture(file);
  return picture
    .resize(edge, edge, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: size === "l" ? 82 : 78, effort: 2 })
    .toBuffer();
}

function readPicture(file: Uint8Array): Sharp {
  return sharp(file, { limitInputPixels: limits.thumbSourcePixelsMax, pages: 1, failOn: "error" }).autoOrient();
}

async function readPage(file: Uint8Array, edge: number): Promise<Sharp> {
  // Without the libraries for this platform, no file is at fault, and the failure must not be remembered for ever.
  const { renderFirstPage } = await import("./render-page.ts").catch(() => process.exit(1));
  const { pixels, width, height } = await renderFirstPage(file, edge);
  return sharp(pixels, { raw: { width, height, channels: 4 } }).removeAlpha();
}

process.stdout.write(frameHead(words.ready, 0));
for await (const { word, bytes } of readFrames(process.stdin, limits.thumbSourceBytesMax)) {
  const thumb = await makeThumb(bytes, word as ThumbSize).catch(() => undefined);
  process.stdout.write(frameHead(thumb === undefined ? words.failed : words.made, thumb?.length ?? 0));
  if (thumb !== undefined) process.stdout.write(thumb);
}
process.exit(0);
