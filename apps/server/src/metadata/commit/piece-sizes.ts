/**
 * How much very large work does in one transaction, so that the space lock is held for milliseconds each time. Only very large
 * inputs reach these numbers: tests lower them, so that small ones do.
 */
export interface PieceSizes {
  /** References on blocks that an upload gives back: by its commit, and by each step after it. */
  readonly uploadBlocksMax: number;
  /** Uploads that have expired. */
  readonly uploadsMax: number;
  /** Nodes, or versions, that a purge removes within itself; a larger subtree goes piece by piece. */
  readonly nodesInlineMax: number;
  /** Nodes of such a piece. */
  readonly nodesMax: number;
  /** Nodes of a folder that is copied. */
  readonly copiedNodesMax: number;
  /** Segments of a long manifest that are staged: some two thousand blocks. */
  readonly segmentsMax: number;
  /** Rows of whatever else lives for a time only. */
  readonly rowsMax: number;
  /** Blocks, or segments, for which all lists of their space are read once: some tens of megabytes of memory. */
  readonly candidatesMax: number;
  /** More changed nodes than this are not looked at one by one before a folder is deleted; the caller then hears that something changed. */
  readonly changedNodesMax: number;
  /** Nodes that one transaction looks at to measure how far folders reach: some tens of milliseconds under the lock. */
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
