import type { ApiClient } from "@holdfast/api-client/api-client";
import { isWorthCompressing } from "@holdfast/codec/codec";
import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import { readAhead } from "@holdfast/core/read-ahead";
import { encodeFrame, framesContentType } from "@holdfast/protocol/frames";
import type { OutgoingBlock } from "@holdfast/sync/ports";
import { windowsOf } from "./windows.ts";

export interface SendingParts {
  readonly client: ApiClient;
  readonly pool: CodecPool;
  /** The node into whose space blocks go. */
  readonly rootId: string;
  readonly signal: AbortSignal;
}

/** Plain bytes of one request: what is lost when the connection breaks. */
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

function sendWindow(
  { client, pool, rootId, signal }: SendingParts,
  blocks: readonly OutgoingBlock[],
): Promise<unknown> {
  return patchedOrWhole(pool, blocks, (pieces) =>
    client.call("putBlocks", { query: { into: rootId }, bytes: { contentType: framesContentType, pieces }, signal }),
  );
}

/** Sends frames, with the patches that were brought along; if that is refused, again with whole blocks. */
export async function patchedOrWhole<Answer>(
  pool: CodecPool,
  blocks: readonly OutgoingBlock[],
  send: (frames: readonly Uint8Array[]) => Promise<Answer>,
): Promise<Answer> {
  const frames = await encodeBlocks(pool, blocks);
  try {
    return await send(frames);
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

async function encodeBlocks(pool: CodecPool, blocks: readonly OutgoingBlock[]): Promise<Uint8Array[]> {
  const bounds = {
    bytesMax: compressedTogetherBytes,
    countMax: windowBlocksMax,
    bytesOf: (block: OutgoingBlock) => block.bytes.length,
  };
  const frames = await Promise.all(windowsOf(blocks, bounds).map((some) => encodeSome(pool, some)));
  return frames.flat();
}

async function encodeSome(pool: CodecPool, blocks: readonly OutgoingBlock[]): Promise<Uint8Array[]> {
  const whole = blocks.filter(({ patch }) => patch === undefined);
  const worthy = whole.filter(({ bytes }) => isWorthCompressing(bytes));
  const plain = worthy.map(({ bytes }) => Uint8Array.from(bytes));
  const encoded =
    plain.length === 0
      ? []
      : await pool.run(
          "compressTask",
          plain,
          plain.map(({ buffer }) => buffer),
        );
  const encodedOf = new Map(worthy.map((block, index) => [block, encoded[index]]));
  return blocks.flatMap((block) => {
    const { hash, bytes, patch } = block;
    if (patch !== undefined)
      return encodeFrame({ kind: "patch", hash, size: bytes.length, payload: patch.payload, base: patch.base });
    const payload = encodedOf.get(block) ?? bytes;
    return encodeFrame({ kind: payload === bytes ? "raw" : "zstd", hash, size: bytes.length, payload });
  });
}
