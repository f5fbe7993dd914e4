import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { HashHex } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";

export type { BatchResult } from "@holdfast/api-client/block-transfer";

/** Calls without retries. Every failure is a HoldfastError; network errors are `unreachable`. */
export interface UploadServer {
  /**
   * @param growthBytes size of the content
   * @returns hashes that the space of node `into` lacks
   * @throws HoldfastError quota
   */
  missingBlocks(
    into: string,
    hashes: readonly HashHex[],
    growthBytes: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  /** If the request breaks off, the server keeps complete frames. */
  putBlocks(into: string, frames: Blob, signal: AbortSignal): Promise<void>;
  /** @param frames blocks sent along */
  commit(
    operations: readonly BatchOperationInput[],
    frames: Blob | undefined,
    signal: AbortSignal,
  ): Promise<readonly BatchResult[]>;
}
