import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { HashHex } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";

export type { BatchResult } from "@holdfast/api-client/block-transfer";

/** Server calls of an upload, without retries. Every failure is a HoldfastError; network errors are `unreachable`. */
export interface UploadServer {
  /**
   * @param growthBytes size of the content that the blocks belong to
   * @returns hashes that the space of node `into` lacks
   * @throws HoldfastError quota if there is not enough space
   */
  missingBlocks(
    into: string,
    hashes: readonly HashHex[],
    growthBytes: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  /** Stores frames. If the request breaks off, the server keeps the complete ones. */
  putBlocks(into: string, frames: Blob, signal: AbortSignal): Promise<void>;
  /** @param frames blocks sent along; undefined for none */
  commit(
    operations: readonly BatchOperationInput[],
    frames: Blob | undefined,
    signal: AbortSignal,
  ): Promise<readonly BatchResult[]>;
}
