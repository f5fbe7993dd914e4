import { setTimeout as delay } from "node:timers/promises";
import type { OutgoingBlock } from "@holdfast/api-client/block-transfer";
import { type FramedBlock, uploadBlocks } from "@holdfast/api-client/block-upload";
import { decodeFrame } from "@holdfast/codec/codec";
import { encodeFrame } from "@holdfast/protocol/frames";
import type { PutWork } from "./put-work.ts";

/** Stores blocks in the space of node `into`. Continues after connection failures. */
export function upload(
  work: Pick<PutWork, "client" | "pace">,
  blocks: readonly FramedBlock[],
  into: string,
): Promise<void> {
  const { client, pace } = work;
  const wait = (delayMs: number): Promise<unknown> => delay(delayMs);
  return uploadBlocks({ client, pace, into, wait }, blocks);
}

export function framed({ hash, size, codec, payload }: OutgoingBlock): FramedBlock {
  return {
    hash,
    frame: encodeFrame({ kind: codec, hash, size, payload }),
    plain: () => decodeFrame(codec, payload, size),
  };
}
