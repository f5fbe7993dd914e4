import { HoldfastError } from "@holdfast/core/errors";

/** @throws HoldfastError too_large as soon as the limit is exceeded */
export async function readBounded(
  stream: AsyncIterable<Uint8Array>,
  bytesMax: number,
  what: string,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of stream) {
    sizeBytes += piece.length;
    if (sizeBytes > bytesMax) throw new HoldfastError("too_large", `${what} has at most ${bytesMax} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, sizeBytes);
}
