import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";

/**
 * Returns the problem of `bytes` as a single zstd frame for `size` plain bytes, or undefined. Reads the structure of
 * RFC 8878, 3.1.1, and no content. The decoder itself would accept several frames, skippable ones and any window size.
 * Costs one step per 128 KiB.
 */
export function zstdProblem(bytes: Uint8Array, size: number): string | undefined {
  const end = frameEnd(bytes, size);
  if (typeof end === "string") return end;
  return end < bytes.length ? `is followed by ${bytes.length - end} bytes` : undefined;
}

/**
 * Removes an empty frame that Node's compressor appends if it fills its buffer; older versions sent and stored such
 * blocks. Other data is returned unchanged, to be rejected by the strict decoder.
 */
export function withoutEmptyFrame<Memory extends ArrayBufferLike>(
  bytes: Uint8Array<Memory>,
  size: number,
): Uint8Array<Memory> {
  const end = bytes.length - emptyFrame.length;
  if (end <= 0 || Buffer.compare(bytes.subarray(end), emptyFrame) !== 0) return bytes;
  return frameEnd(bytes, size) === end ? bytes.subarray(0, end) : bytes;
}

/** Returns the declared content size; undefined if missing or no frame. */
export function zstdContentBytes(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== magic) return undefined;
  const header = readHeader(view);
  return typeof header === "string" ? undefined : header.contentSize;
}

/** @throws HoldfastError invalid_field with the problem */
export function checkZstdFrame(bytes: Uint8Array, size: number): void {
  const problem = zstdProblem(bytes, size);
  if (problem === undefined) return;
  throw new HoldfastError("invalid_field", `The compressed block ${problem}.`, { field: "frames" });
}

const magic = 0xfd2fb528;
const emptyFrame = Buffer.from("28b52ffd2000010000", "hex");
const zstdBlockBytesMax = 128 * 1024;
const contentSizeBytes = [0, 2, 4, 8] as const;

/** Returns the end of the frame at the start of `bytes`, or its problem. */
function frameEnd(bytes: Uint8Array, size: number): number | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5 || view.getUint32(0, true) !== magic) return "is not a zstd frame";
  const header = readHeader(view);
  if (typeof header === "string") return header;
  if (header.contentSize !== size) return `declares ${header.contentSize} bytes, not ${size}`;
  if (header.windowBytes > limits.blockBytesMax) return `wants a window of ${header.windowBytes} bytes`;
  const end = blocksEnd(view, header.end, Math.min(header.windowBytes, zstdBlockBytesMax));
  if (typeof end === "string") return end;
  const checksumEnd = end + (header.hasChecksum ? 4 : 0);
  return checksumEnd > bytes.length ? "is cut short" : checksumEnd;
}

interface Header {
  readonly contentSize: number;
  readonly windowBytes: number;
  readonly hasChecksum: boolean;
  readonly end: number;
}

function readHeader(view: DataView): Header | string {
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x18) !== 0) return "sets a reserved bit";
  if ((descriptor & 0x03) !== 0) return "names a dictionary";
  const sizeField = descriptor >> 6 === 0 && singleSegment ? 1 : (contentSizeBytes[descriptor >> 6] ?? 0);
  if (sizeField === 0) return "does not declare how many bytes it contains";
  const sizeAt = singleSegment ? 5 : 6;
  const end = sizeAt + sizeField;
  if (end > view.byteLength) return "is cut short";
  const contentSize = readContentSize(view, sizeAt, sizeField);
  const windowBytes = singleSegment ? contentSize : windowOf(view.getUint8(5));
  return { contentSize, windowBytes, hasChecksum: (descriptor & 0x04) !== 0, end };
}

function readContentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at, true) + 256;
  if (bytes === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Returns the end of the last block, or the problem. Types: 0 raw, 1 one repeated byte, 2 compressed, 3 reserved. */
function blocksEnd(view: DataView, start: number, blockBytesMax: number): number | string {
  for (let at = start; at + 3 <= view.byteLength;) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const type = (header >> 1) & 3;
    const bytes = header >> 3;
    if (type === 3) return "has a block of the reserved type";
    if (bytes > blockBytesMax) return `has a block of ${bytes} bytes`;
    at += 3 + (type === 1 ? 1 : bytes);
    if ((header & 1) === 1) return at;
  }
  return "is cut short";
}
