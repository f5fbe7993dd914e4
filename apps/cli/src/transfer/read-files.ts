import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { probeCompress } from "@holdfast/codec/codec";
import { cutBlocks } from "@holdfast/core/chunker";
import { toHoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { microsOfNanos } from "@holdfast/core/times";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { encodeFrameHeader, frameHeaderBytes } from "@holdfast/protocol/frames";
import { isPrivate } from "./private-mode.ts";

/** Files up to this size are read whole, many in one task. */
export const wholeFileBytesMax = limits.blockBytesMax;

export interface ReadRequest {
  readonly path: string;
  /** Size from the listing; for a range, its length. */
  readonly sizeBytes: number;
  /** Reads only the range from here and treats it as a whole file. The caller must know the expected content. */
  readonly offset?: number;
  /** Content id that the server already has, so that no frames are needed. */
  readonly knownContentId: string | undefined;
}

export interface ReadInput {
  readonly files: readonly ReadRequest[];
  /** Receives the frames in their wire format. undefined: only hashes */
  readonly window: SharedArrayBuffer | undefined;
}

export interface FileStamp {
  readonly sizeBytes: number;
  readonly mtimeNanos: bigint;
  readonly ctimeNanos: bigint;
  readonly inode: bigint;
}

export interface ReadFile {
  readonly status: "read";
  readonly stamp: FileStamp;
  readonly mtimeMicros: number;
  readonly executable: boolean;
  readonly isPrivate: boolean;
  readonly contentId: HashHex;
  readonly blocks: readonly ManifestEntry[];
  /** Position of the frames in the window; undefined if none are needed. */
  readonly frames: { readonly start: number; readonly end: number } | undefined;
}

/** `changed`: written during the read, or larger than a task reads. The file can be tried once more. */
export type ReadOutcome =
  | ReadFile
  | { readonly status: "changed" }
  | { readonly status: "failed"; readonly errno: string }
  /** Defect of Holdfast: the content cannot be encoded. */
  | { readonly status: "refused"; readonly code: string; readonly message: string };

export interface ReadOutput {
  readonly outcomes: ReadOutcome[];
}

/** Runs in a thread, because its calls block. A file that changes during the read is reported as `changed`. */
export function readFiles({ files, window }: ReadInput): ReadOutput {
  const writer = window === undefined ? undefined : new FrameWriter(window);
  return { outcomes: files.map((file) => readOne(file, writer)) };
}

const noFollow = process.platform === "win32" ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;
const scratch = Buffer.allocUnsafeSlow(wholeFileBytesMax + 1);

function readOne(file: ReadRequest, writer: FrameWriter | undefined): ReadOutcome {
  try {
    const descriptor = openSync(file.path, constants.O_RDONLY | noFollow);
    try {
      return readOpen(descriptor, file, writer);
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    const errno = ownErrnoOf(thrown);
    if (errno !== undefined) return { status: "failed", errno };
    const { code, message } = toHoldfastError(thrown);
    return { status: "refused", code, message };
  }
}

function readOpen(descriptor: number, file: ReadRequest, writer: FrameWriter | undefined): ReadOutcome {
  const before = fstatSync(descriptor, { bigint: true });
  const isWhole = file.offset === undefined;
  if (!before.isFile() || (isWhole && before.size !== BigInt(file.sizeBytes))) return { status: "changed" };
  // One byte more than expected, to detect growth.
  const room = scratch.subarray(0, file.sizeBytes + (isWhole ? 1 : 0));
  const bytes = scratch.subarray(0, readAll(descriptor, room, file.offset ?? null));
  const after = fstatSync(descriptor, { bigint: true });
  if (bytes.length !== file.sizeBytes || (isWhole && !isSame(before, after))) return { status: "changed" };
  const cuts = cutBlocks(bytes, true).blocks.map(({ start, end }) => bytes.subarray(start, end));
  const blocks = cuts.map((plain) => ({ hash: sha256(plain), size: plain.length }));
  const contentId = contentIdOf(blocks);
  const known = writer === undefined || contentId === file.knownContentId;
  return {
    status: "read",
    stamp: toStamp(after),
    mtimeMicros: microsOfNanos(after.mtimeNs),
    executable: (after.mode & 0o100n) !== 0n,
    isPrivate: isPrivate(file.path, after),
    contentId,
    blocks,
    frames: known ? undefined : writer.write(cuts, blocks),
  };
}

/** @param offset in the file; null: the current position */
function readAll(descriptor: number, target: Uint8Array, offset: number | null): number {
  let filled = 0;
  while (filled < target.length) {
    const position = offset === null ? null : offset + filled;
    const count = readSync(descriptor, target, filled, target.length - filled, position);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

export function toStamp(stats: BigIntStats): FileStamp {
  return { sizeBytes: Number(stats.size), mtimeNanos: stats.mtimeNs, ctimeNanos: stats.ctimeNs, inode: stats.ino };
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.size === other.size && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs;
}

export function framesBytesMax(sizeBytes: number): number {
  return sizeBytes + frameHeaderBytes * (1 + Math.ceil(sizeBytes / limits.blockBytesMin));
}

class FrameWriter {
  readonly #bytes: Uint8Array;
  #end = 0;

  constructor(window: SharedArrayBuffer) {
    this.#bytes = new Uint8Array(window);
  }

  write(cuts: readonly Uint8Array[], blocks: readonly ManifestEntry[]): { start: number; end: number } {
    const start = this.#end;
    for (const [index, plain] of cuts.entries()) {
      const entry = blocks[index];
      if (entry === undefined) break;
      const { codec, payload } = probeCompress(plain);
      this.#bytes.set(encodeFrameHeader({ kind: codec, ...entry, length: payload.length }), this.#end);
      this.#bytes.set(payload, this.#end + frameHeaderBytes);
      this.#end += frameHeaderBytes + payload.length;
    }
    return { start, end: this.#end };
  }
}
