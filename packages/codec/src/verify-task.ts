import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { decodeFrame, probeCompress, verifyFrame } from "./codec.ts";
import type { CarriedBlock, Codec } from "./codec.ts";
import { ownBytes } from "./task.ts";

export interface VerifyInput {
  /** Their buffers are moved, including those of the bases. */
  readonly frames: readonly CarriedBlock[];
  /** `stored`: received payloads, with patches converted to blocks; `plain`: decoded ones. */
  readonly want: "stored" | "plain";
}

export type Verified =
  | { readonly ok: true; readonly size: number; readonly codec: Codec; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** @returns one result per frame, in order; a bad frame does not affect the others */
export function verify({ frames, want }: VerifyInput): Verified[] {
  return frames.map((frame) => {
    try {
      return accept(frame, want);
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown;
      return { ok: false, code: thrown.code, message: thrown.message };
    }
  });
}

/** Decodes blocks from the own store, which are already verified by its seal. */
export function decode(
  blocks: readonly { codec: Codec; payload: Uint8Array; size: number }[],
): Uint8Array<ArrayBuffer>[] {
  return blocks.map(({ codec, payload, size }) => ownBytes(decodeFrame(codec, payload, size)));
}

function accept(frame: CarriedBlock, want: VerifyInput["want"]): Verified {
  const plain = verifyFrame(frame);
  const { size } = frame;
  if (want === "plain") return { ok: true, size, codec: "raw", payload: ownBytes(plain) };
  if (frame.kind !== "patch") return { ok: true, size, codec: frame.kind, payload: ownBytes(frame.payload) };
  const { codec, payload } = probeCompress(plain);
  return { ok: true, size, codec, payload: ownBytes(payload) };
}
