import type { ApiClient } from "@holdfast/api-client/api-client";
import { type FramedBlock, uploadBlocks } from "@holdfast/api-client/block-upload";
import type { UploadPace } from "@holdfast/api-client/upload-pace";
import { isWorthCompressing } from "@holdfast/codec/codec";
import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { readAhead } from "@holdfast/core/read-ahead";
import { encodeFrame } from "@holdfast/protocol/frames";
import type { OutgoingBlock } from "@holdfast/sync-ports/ports";
import { windowsOf } from "./windows.ts";

export interface SendingParts {
  readonly client: ApiClient;
  readonly pool: CodecPool;
  /** The node into whose space blocks go. */
  readonly rootId: string;
  readonly signal: AbortSignal;
  /** Of all that this space sends. */
  readonly pace: UploadPace;
  /** Likewise of the JSON of a batch, before it is compressed. */
  readonly jsonPace: UploadPace;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Plain bytes that are encoded together, and go in one request as long as the link carries that. */
const windowBytes = 8 * 1024 * 1024;
const windowBlocksMax = 5000;
const windowsAhead = 1;

export async function sendBlocks(parts: SendingParts, blocks: readonly OutgoingBlock[]): Promise<void> {
  const bounds = {
    bytesMax: windowBytes,
    countMax: windowBlocksMax,
    bytesOf: (block: OutgoingBlock) => block.bytes.length,
  };
  const steps = windowsOf(blocks, bounds).map((window) => () => sendWindow(parts, window));
  for await (const sent of readAhead(steps, windowsAhead)) void sent;
}

function sendWindow(parts: SendingParts, blocks: readonly OutgoingBlock[]): Promise<unknown> {
  return patchedOrWhole(parts.pool, blocks, (framed) => uploadBlocks({ ...parts, into: parts.rootId }, framed));
}

/** Sends frames, with the patches that were brought along; if that is refused, again with whole blocks. */
export async function patchedOrWhole<Answer>(
  pool: CodecPool,
  blocks: readonly OutgoingBlock[],
  send: (framed: readonly FramedBlock[]) => Promise<Answer>,
): Promise<Answer> {
  const framed = await encodeBlocks(pool, blocks);
  try {
    return await send(framed);
  } catch (thrown) {
    const isRefused = thrown instanceof HoldfastError && patchRefusals.has(thrown.code);
    if (!isRefused || blocks.every((block) => block.patch === undefined)) throw thrown;
    return send(
      await encodeBlocks(
        pool,
        blocks.map(({ hash, bytes }) => ({ hash, bytes })),
      ),
    );
  }
}

/** The base is not there, or what the patch makes of it is something else (pieces were only believed to be equal). */
const patchRefusals: ReadonlySet<string> = new Set([
  "missing_blocks",
  "hash_mismatch",
  "invalid_field",
  "bad_request",
  "not_found",
]);

/** Together in one crossing to a thread; small ones cost less than the crossing. */
const compressedTogetherBytes = 1024 * 1024;

async function encodeBlocks(pool: CodecPool, blocks: readonly OutgoingBlock[]): Promise<FramedBlock[]> {
  const bounds = {
    bytesMax: compressedTogetherBytes,
    countMax: windowBlocksMax,
    bytesOf: (block: OutgoingBlock) => block.bytes.length,
  };
  const framed = await Promise.all(windowsOf(blocks, bounds).map((some) => encodeSome(pool, some)));
  return framed.flat();
}

async function encodeSome(pool: CodecPool, blocks: readonly OutgoingBlock[]): Promise<FramedBlock[]> {
  const whole = blocks.filter(({ patch }) => patch === undefined);
  const worthy = whole.filter(({ bytes }) => isWorthCompressing(bytes));
  const encoded = await compress(pool, worthy);
  const encodedOf = new Map(worthy.map((block, index) => [block, encoded[index]]));
  return blocks.map((block) => ({
    hash: block.hash,
    frame: frameOf(block, encodedOf.get(block)),
    plain: () => block.bytes,
  }));
}

/** What cannot be compressed, for whatever reason, goes as it is. */
async function compress(
  pool: CodecPool,
  blocks: readonly OutgoingBlock[],
): Promise<readonly (Uint8Array | undefined)[]> {
  const plain = blocks.map(({ bytes }) => Uint8Array.from(bytes));
  if (plain.length === 0) return [];
  try {
    return await pool.run(
      "compressTask",
      plain,
      plain.map(({ buffer }) => buffer),
    );
  } catch (thrown) {
    // The pool is closed, or has no room for more: that is over soon, or it is the end.
    if (!(thrown instanceof HoldfastError) || thrown.code === "unavailable") throw thrown;
    return blocks.map(() => undefined);
  }
}

function frameOf({ hash, bytes, patch }: OutgoingBlock, compressed: Uint8Array | undefined): Uint8Array[] {
  const size = bytes.length;
  if (patch !== undefined) return encodeFrame({ kind: "patch", hash, size, payload: patch.payload, base: patch.base });
  return encodeFrame({ kind: compressed === undefined ? "raw" : "zstd", hash, size, payload: compressed ?? bytes });
}
