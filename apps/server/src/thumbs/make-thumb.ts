import { readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";
import { limits } from "@holdfast/core/limits";
import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import { frameHead, readFrames, words } from "./pipe-frames.ts";

/**
 * A process of its own that makes thumbnails of strangers' pictures by a native library: whatever makes it crash, hang or fill the memory
 * ends nothing else. It is given no secret, no open file and no connection; yet it runs as the server's user, so code that took it over could
 * read what that user may. Node's permissions would not hold it, since native code does not ask them.
 */
const edges: Readonly<Record<ThumbSize, number>> = { s: 256, m: 768, l: 2048 };

sharp.cache(false);
sharp.concurrency(1);
// Of all that the library could read (SVG, PDF, TIFF, …) these five, from memory.
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
dieFirst();
setInterval(() => {
  if (process.memoryUsage.rss() > limits.thumbMemoryBytesMax) process.exit(1);
}, 20).unref();

/** What the kernel is to end when the machine has no memory left. */
function dieFirst(): void {
  try {
    readFileSync("/proc/self/oom_score_adj");
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // Only Linux has it.
  }
}

/** Turned as the camera said, the colours those of the web, and nothing left of what else the file says: no place, no camera, no comment. */
async function makeThumb(picture: Uint8Array, size: ThumbSize): Promise<Buffer> {
  const edge = edges[size];
  return sharp(picture, { limitInputPixels: limits.thumbSourcePixelsMax, pages: 1, failOn: "error" })
    .autoOrient()
    .resize(edge, edge, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: size === "l" ? 82 : 78, effort: 2 })
    .toBuffer();
}

process.stdout.write(frameHead(words.ready, 0));
for await (const { word, bytes } of readFrames(process.stdin, limits.thumbSourceBytesMax)) {
  const thumb = await makeThumb(bytes, word as ThumbSize).catch(() => undefined);
  process.stdout.write(frameHead(thumb === undefined ? words.failed : words.made, thumb?.length ?? 0));
  if (thumb !== undefined) process.stdout.write(thumb);
}
process.exit(0);
