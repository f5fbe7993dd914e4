import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";
import { decodeFrame, probeCompress, verifyFrame } from "./codec.ts";
import type { CarriedBlock, Codec } from "./codec.ts";
import { ownBytes } from "./task.ts";

export interface VerifyInput {
  /** Their buffers move, those of the bases too. */
  readonly frames: readonly CarriedBlock[];
  /** `stored`: payloads as they came, a patch made a block of its own; `plain`: decoded ones. */
  readonly want: "stored" | "plain";
}

export type Verified =
  | { readonly ok: true; readonly size: number; readonly codec: Codec; readonly payload: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** @returns one answer for each frame, in their order: one bad frame does not spoil the others */
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

/** Decodes blocks from the own store, whose seal has proved them already. */
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
