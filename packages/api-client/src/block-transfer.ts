import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { batchContentType } from "@holdfast/protocol/frames";
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

/** Frames of blocks, as far as they come before the connection breaks. @returns how many bytes came, and why not all */
export function fetchBlocksUntilBreak(
  client: ApiClient,
  items: FetchItem[],
  target: Uint8Array,
  signal?: AbortSignal,
): ReturnType<ApiClient["bytesUntilBreak"]> {
  return client.bytesUntilBreak("fetchBlocks", { body: { items }, signal }, () => target);
}

/**
 * The plain bytes of a block of the caller's own space, of which `target` holds the first `end` already, as far as they come.
 * @returns how many bytes `target` holds then, and why not all
 */
export async function fetchRestOfBlock(
  client: ApiClient,
  { hash, target, end }: { readonly hash: HashHex; readonly target: Uint8Array; readonly end: number },
  signal?: AbortSignal,
): Promise<{ readonly end: number; readonly failure: HoldfastError | undefined }> {
  const headers = { range: `bytes=${end}-` };
  // A server that knows no parts sends it from its beginning.
  const startOf = (status: number): number => (status === 206 ? end : 0);
  const request = { params: { hash }, headers, signal };
  const answer = await client.bytesUntilBreak("getBlock", request, (status) => target.subarray(startOf(status)));
  return { end: startOf(answer.status) + answer.bytes, failure: answer.failure };
}

/** Operations, and the frames that they need, already encoded; with frames a connection that breaks is told at once. */
export function sendBatch(
  client: ApiClient,
  operations: readonly BatchOperationInput[],
  frames: readonly Uint8Array[] = [],
  signal?: AbortSignal,
) {
  if (frames.length === 0) return client.call("syncDelta", { body: { operations: [...operations] }, signal });
  const json = new TextEncoder().encode(JSON.stringify({ operations }));
  const head = new Uint8Array(4 + json.length);
  new DataView(head.buffer).setUint32(0, json.length);
  head.set(json, 4);
  const pieces = [head, ...frames];
  return client.call("syncDelta", { bytes: { contentType: batchContentType, pieces }, signal, endsWithBreak: true });
}
