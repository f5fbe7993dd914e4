import type { HashHex } from "@holdfast/core/ids";

/** Received as a frame, or cut by this process's codec workers. */
export interface IncomingBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
  /** true: hashed by this process's workers. A frame from outside must be verified. */
  readonly verified: boolean;
  /** The payload is in a `BlockRoom`. Storing takes its memory, and leaves the payload empty. */
  readonly placed?: boolean;
}
