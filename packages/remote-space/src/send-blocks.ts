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
  /** Node whose space receives the blocks. */
  readonly rootId: string;
  readonly signal: AbortSignal;
  readonly pace: UploadPace;
  /** For the JSON of batches, before compression. */
  readonly jsonPace: UploadPace;
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
}

/** Plain bytes of one request, if the connection can carry that. */
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

/** If frames with patches are refused, sends whole blocks. */
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

/** The base is missing, or the patch gives another result, because pieces were only assumed to be equal. */
const patchRefusals: ReadonlySet<string> = new Set([
  "missing_blocks",
  "hash_mismatch",
  "invalid_field",
  "bad_request",
  "not_found",
]);

/** Per call to a thread; small blocks cost less than the call. */
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

/** If compression fails for any reason, blocks stay uncompressed. */
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
    // The pool is full for a moment or closed.
    if (!(thrown instanceof HoldfastError) || thrown.code === "unavailable") throw thrown;
    return blocks.map(() => undefined);
  }
}

function frameOf({ hash, bytes, patch }: OutgoingBlock, compressed: Uint8Array | undefined): Uint8Array[] {
  const size = bytes.length;
  if (patch !== undefined) return encodeFrame({ kind: "patch", hash, size, payload: patch.payload, base: patch.base });
  return encodeFrame({ kind: compressed === undefined ? "raw" : "zstd", hash, size, payload: compressed ?? bytes });
}
