import type { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { batchContentType } from "@holdfast/protocol/frames";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ApiClient } from "./api-client.ts";

export interface OutgoingBlock {
  readonly hash: HashHex;
  readonly size: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
}

export interface FetchItem {
  readonly version_id?: string;
  readonly hashes: HashHex[];
  /** Hash -> block against which a patch may be sent. */
  readonly bases?: Record<string, HashHex>;
}

type BatchAnswer = Awaited<ReturnType<typeof sendBatch>>;
export type BatchResult = BatchAnswer["results"][number];

/** @returns number of bytes until the connection breaks, and the error, if any */
export function fetchBlocksUntilBreak(
  client: ApiClient,
  items: FetchItem[],
  target: Uint8Array,
  signal?: AbortSignal,
): ReturnType<ApiClient["bytesUntilBreak"]> {
  return client.bytesUntilBreak("fetchBlocks", { body: { items }, signal }, () => target);
}

/**
 * Fetches the rest of a block of the own space; `target` already has the first `end` bytes.
 * @returns number of bytes in `target`, and the error, if any
 */
export async function fetchRestOfBlock(
  client: ApiClient,
  { hash, target, end }: { readonly hash: HashHex; readonly target: Uint8Array; readonly end: number },
  signal?: AbortSignal,
): Promise<{ readonly end: number; readonly failure: HoldfastError | undefined }> {
  const headers = { range: `bytes=${end}-` };
  // A server without range support sends it from the start.
  const startOf = (status: number): number => (status === 206 ? end : 0);
  const request = { params: { hash }, headers, signal };
  const answer = await client.bytesUntilBreak("getBlock", request, (status) => target.subarray(startOf(status)));
  return { end: startOf(answer.status) + answer.bytes, failure: answer.failure };
}

/** Sends operations with their encoded frames. With frames, a broken connection is reported immediately. */
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
