/** Limits of large work per transaction, so that the space lock is held for milliseconds. Tests lower them. */
export interface PieceSizes {
  /** Block references of an upload that the commit, and each later step, releases. */
  readonly uploadBlocksMax: number;
  readonly uploadsMax: number;
  /** Nodes, or versions, that a purge deletes in its own transaction. A larger subtree is deleted in pieces. */
  readonly nodesInlineMax: number;
  readonly nodesMax: number;
  readonly copiedNodesMax: number;
  /** Staged segments of a long manifest: some two thousand blocks. */
  readonly segmentsMax: number;
  readonly rowsMax: number;
  /** Blocks, or segments, for which all lists of their space are read in one pass: some tens of megabytes of memory. */
  readonly candidatesMax: number;
  /**
   * Changed nodes that are checked one by one before a folder is deleted. If more changed, the folder counts as
   * changed.
   */
  readonly changedNodesMax: number;
  /** Nodes that are read to measure the reach of folders: some tens of milliseconds under the lock. */
  readonly measuredNodesMax: number;
}

export const pieceSizes: PieceSizes = {
  uploadBlocksMax: 2000,
  uploadsMax: 200,
  nodesInlineMax: 5000,
  nodesMax: 1000,
  copiedNodesMax: 500,
  segmentsMax: 8,
  rowsMax: 1000,
  candidatesMax: 100_000,
  changedNodesMax: 10_000,
  measuredNodesMax: 5000,
};
