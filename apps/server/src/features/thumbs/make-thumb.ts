import { readFileSync, writeFileSync } from "node:fs";
import sharp from "sharp";
import { limits } from "@holdfast/core/limits";
import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import { frameHead, readFrames, words } from "./pipe-frames.ts";

/**
 * Process for untrusted pictures and a native library, so that a crash, hang or full memory affects no other process.
 * It has no secrets, open files or connections. But it runs as the server's user, whose files compromised code could
 * read: Node's permission model does not restrict native code.
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
dieFirst();
setInterval(() => {
  if (process.memoryUsage.rss() > limits.thumbMemoryBytesMax) process.exit(1);
}, 20).unref();

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
