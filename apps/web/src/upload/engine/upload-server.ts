import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { HashHex } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";

export type { BatchResult } from "@holdfast/api-client/block-transfer";

/** What an upload asks of the server. Each call is made once; every failure is a HoldfastError, the network's `unreachable`. */
export interface UploadServer {
  /**
   * @param growthBytes of what the blocks are for
   * @returns those that the space of node `into` lacks
   * @throws HoldfastError quota if there is no room for as much
   */
  missingBlocks(
    into: string,
    hashes: readonly HashHex[],
    growthBytes: number,
    signal: AbortSignal,
  ): Promise<ReadonlySet<string>>;
  /** Stores frames. Of a request that breaks off the server keeps what came whole. */
  putBlocks(into: string, frames: Blob, signal: AbortSignal): Promise<void>;
  /** @param frames of blocks that come along; empty for none */
  commit(
    operations: readonly BatchOperationInput[],
    frames: Blob | undefined,
    signal: AbortSignal,
  ): Promise<readonly BatchResult[]>;
}
