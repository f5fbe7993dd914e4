import { createHash, randomBytes } from "node:crypto";
import { sha256 } from "@holdfast/core/hash";
import { batchContentType, encodeBatchBody } from "@holdfast/protocol/frames";
import type { Api, ApiAnswer } from "./testing.ts";

export interface BatchFile {
  readonly path: string;
  /** One block each, at most 4 MiB. An empty file has none. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
}

/** Whole files with blocks in one POST /sync/delta, as `holdfast put` sends small ones. */
export function putBatch(api: Api, files: readonly BatchFile[]): Promise<ApiAnswer> {
  const operations = files.map(({ path, blocks }) => ({
    op: "put",
    operation_id: randomBytes(16).toString("hex"),
    path,
    size: blocks.reduce((sum, block) => sum + block.length, 0),
    blocks: blocks.map((block) => ({ hash: sha256(block), size: block.length })),
    on_conflict: "replace",
  }));
  const frames = files
    .flatMap(({ blocks }) => blocks)
    .map((block) => ({ kind: "raw" as const, hash: sha256(block), size: block.length, payload: block }));
  return api.call("POST", "/sync/delta", undefined, {
    body: Buffer.concat(encodeBatchBody({ operations }, frames)),
    headers: { "content-type": batchContentType },
  });
}

export function assertCommitted({ status, body }: ApiAnswer): void {
  if (status !== 200) throw new Error(`The batch was answered ${status}: ${JSON.stringify(body)}`);
  for (const result of body.results) {
    if (result.status !== "committed") throw new Error(`Not committed: ${JSON.stringify(result)}`);
  }
}

export function hashOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
