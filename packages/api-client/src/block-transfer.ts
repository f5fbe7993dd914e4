import type { HashHex } from "@holdfast/core/ids";
import { batchContentType, encodeFrame, framesContentType } from "@holdfast/protocol/frames";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ApiClient } from "./api-client.ts";

/** A block as `cutStream`, `cutFile` and the codec's tasks give it. */
export interface OutgoingBlock {
  readonly hash: HashHex;
  readonly size: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
}

export interface FetchItem {
  readonly version_id?: string;
  readonly hashes: HashHex[];
  /** Of a hash: a block against which it may come as a patch. */
  readonly bases?: Record<string, HashHex>;
}

type BatchAnswer = Awaited<ReturnType<typeof sendBatch>>;
export type BatchResult = BatchAnswer["results"][number];

/** Stores blocks in the space of node `into`. The whole of it goes again if the connection breaks. */
export async function putBlocks(
  client: ApiClient,
  blocks: readonly OutgoingBlock[],
  options: { readonly into: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const pieces = blocks.flatMap(({ hash, size, codec, payload }) => encodeFrame({ kind: codec, hash, size, payload }));
  await client.call("putBlocks", {
    query: { into: options.into },
    bytes: { contentType: framesContentType, pieces },
    signal: options.signal,
  });
}

/** The same into the beginning of a buffer that has room for them. @returns how many bytes they have */
export function fetchBlocksInto(
  client: ApiClient,
  items: FetchItem[],
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<number> {
  return client.bytesInto("fetchBlocks", { body: { items }, signal }, target);
}

/** The same, as far as they come before the connection breaks. @returns how many bytes came, and why not all */
export function fetchBlocksUntilBreak(
  client: ApiClient,
  items: FetchItem[],
  target: Uint8Array,
  signal?: AbortSignal,
): ReturnType<ApiClient["bytesUntilBreak"]> {
  return client.bytesUntilBreak("fetchBlocks", { body: { items }, signal }, target);
}

/** Operations, and the frames that they need, already encoded. */
export function sendBatch(
  client: ApiClient,
  operations: readonly BatchOperationInput[],
  frames: readonly Uint8Array[] = [],
  signal?: AbortSignal,
) {
  if (frames.length === 0) return client.call("syncDelta", { body: { operations: [...operations] }, signal });
  const json = Buffer.from(JSON.stringify({ operations }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  const pieces = [Buffer.concat([length, json]), ...frames];
  return client.call("syncDelta", { bytes: { contentType: batchContentType, pieces }, signal });
}
