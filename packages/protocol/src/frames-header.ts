import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex, hashBytes, toHashHex, writeHash } from "@holdfast/core/hash-hex";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";

export type FrameKind = "raw" | "zstd" | "absent" | "patch";

/** Transfer format of one block; see docs/format.md, "Frames". */
export interface Frame {
  readonly kind: FrameKind;
  /** SHA-256 of the block's plain bytes. */
  readonly hash: HashHex;
  /** Plain bytes of the block: 1 to 4 MiB; 0 for an absent one. */
  readonly size: number;
  /**
   * raw: the plain bytes. zstd, patch: one zstd frame. absent: empty. The payload of a parsed frame owns its whole
   * ArrayBuffer, so it can be transferred to another thread, unless the parser was given `place`.
   */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Only for a patch: the block whose plain bytes are the dictionary. */
  readonly base?: HashHex;
}

/** Header before the payload. For a patch, `length` includes the 32 bytes of the base hash. */
export interface FrameHeader {
  readonly kind: FrameKind;
  readonly hash: HashHex;
  readonly size: number;
  readonly length: number;
}

/** kind u8, hash 32 bytes, size u32, length u32; big-endian. */
export const frameHeaderBytes = 1 + hashBytes + 4 + 4;

export const kindCodes = { raw: 1, zstd: 2, absent: 3, patch: 4 } as const satisfies Record<FrameKind, number>;

/** @throws HoldfastError internal for a header that parsers reject */
export function encodeFrameHeader(header: FrameHeader): Uint8Array<ArrayBuffer> {
  const problem = headerProblem(header);
  if (problem !== undefined) throw new HoldfastError("internal", `A frame ${problem}.`);
  const bytes = new Uint8Array(frameHeaderBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = kindCodes[header.kind];
  writeHash(bytes, 1, header.hash);
  view.setUint32(33, header.size);
  view.setUint32(37, header.length);
  return bytes;
}

const kindByCode = new Map<number, FrameKind>(
  Object.entries(kindCodes).map(([kind, code]) => [code, kind as FrameKind]),
);

/** @returns undefined for an unknown kind; `headerProblem` finds other errors */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = kindByCode.get(view.getUint8(0));
  if (kind === undefined) return undefined;
  const hash = toHashHex(bytes.subarray(1, 1 + hashBytes));
  return { kind, hash, size: view.getUint32(33), length: view.getUint32(37) };
}

/** Returns the parts of a frame in order. The payload is not copied. */
export function encodeFrame(frame: Omit<Frame, "payload"> & { readonly payload: Uint8Array }): Uint8Array[] {
  const { kind, hash, size, payload, base } = frame;
  if ((kind === "patch") !== (base !== undefined)) {
    throw new HoldfastError("internal", "Only a patch frame can name a base, and it must.");
  }
  const front = base === undefined ? [] : [fromHashHex(base)];
  const length = payload.length + hashBytes * front.length;
  return [encodeFrameHeader({ kind, hash, size, length }), ...front, payload];
}

/** Returns an error message for an invalid header. Used for both directions. */
export function headerProblem({ kind, size, length }: Omit<FrameHeader, "hash">): string | undefined {
  if (kind === "absent") return size === 0 && length === 0 ? undefined : "of an absent block has size 0 and length 0";
  if (size < 1 || size > limits.blockBytesMax) {
    return `declares ${size} bytes, but a block has 1 to ${limits.blockBytesMax}`;
  }
  if (kind === "raw") return length === size ? undefined : `is raw, declares ${size} bytes and carries ${length}`;
  if (length >= size) return `is compressed to ${length} bytes, which is not less than its ${size} uncompressed bytes`;
  const lengthMin = kind === "patch" ? hashBytes + 1 : 1;
  return length < lengthMin ? `contains ${length} bytes, too few for its kind` : undefined;
}
