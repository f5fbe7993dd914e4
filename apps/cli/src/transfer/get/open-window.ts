import { verifyFrame } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { toHashHex } from "@holdfast/core/hash-hex";
import type { HashHex } from "@holdfast/core/ids";
import { frameHeaderBytes, headerProblem, kindCodes } from "@holdfast/protocol/frames-header";
import type { FrameKind } from "@holdfast/protocol/frames-header";

export interface OpenWindowInput {
  /** Starts with a body of POST /blocks/fetch. The rest is for decompressed blocks. */
  readonly window: SharedArrayBuffer;
  readonly bodyBytes: number;
}

/** Position in the window; not `ok` if the bytes do not match the hash. */
export type OpenedBlock =
  | { readonly ok: true; readonly hash: HashHex; readonly start: number; readonly end: number }
  | { readonly ok: false; readonly hash: HashHex };

/**
 * Verifies frames in place; raw frames are not copied. Frames without a block are skipped.
 * @throws HoldfastError failed for a body that is not a list of frames, or whose blocks do not fit
 */
export function openWindow({ window, bodyBytes }: OpenWindowInput): OpenedBlock[] {
  const bytes = new Uint8Array(window);
  const opened: OpenedBlock[] = [];
  let free = bodyBytes;
  for (let at = 0; at < bodyBytes;) {
    const { kind, hash, size, start, end } = readHeader(bytes, at, bodyBytes);
    at = end;
    if (kind !== "raw" && kind !== "zstd") continue;
    const plain = plainOf({ kind, hash, size, payload: bytes.subarray(start, end) });
    if (plain === undefined) opened.push({ ok: false, hash });
    else if (kind === "raw") opened.push({ ok: true, hash, start, end });
    else {
      if (free + size > bytes.length) throw notFrames("contains more than was requested");
      bytes.set(plain, free);
      opened.push({ ok: true, hash, start: free, end: free + size });
      free += size;
    }
  }
  return opened;
}

function plainOf(frame: Parameters<typeof verifyFrame>[0]): Uint8Array | undefined {
  try {
    return verifyFrame(frame);
  } catch (thrown) {
    if (thrown instanceof HoldfastError) return undefined;
    throw thrown;
  }
}

function readHeader(bytes: Uint8Array, at: number, bodyBytes: number) {
  const start = at + frameHeaderBytes;
  if (start > bodyBytes) throw notFrames("ends within a frame");
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, frameHeaderBytes);
  const kind = kindByCode.get(view.getUint8(0));
  if (kind === undefined) throw notFrames("has a frame of an unknown kind");
  const [size, length] = [view.getUint32(33), view.getUint32(37)];
  const problem = headerProblem({ kind, size, length });
  if (problem !== undefined) throw notFrames(`has a frame that ${problem}`);
  if (start + length > bodyBytes) throw notFrames("ends within a frame");
  return { kind, hash: toHashHex(bytes.subarray(at + 1, at + 33)), size, start, end: start + length };
}

const kindByCode = new Map<number, FrameKind>(
  Object.entries(kindCodes).map(([kind, code]) => [code, kind as FrameKind]),
);

function notFrames(problem: string): HoldfastError {
  return new HoldfastError("failed", `The server's response with blocks ${problem}. Try again.`);
}
