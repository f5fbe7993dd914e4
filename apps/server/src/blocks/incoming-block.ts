import type { HashHex } from "@holdfast/core/ids";

/** A block on its way in: as a frame came off the wire, or cut (and perhaps compressed) by this process's own codec workers. */
export interface IncomingBlock {
  readonly hash: HashHex;
  /** Plain size in bytes. */
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
  /** Cut and hashed by our own workers, so the hash is known to be right; a frame from outside is verified first. */
  readonly verified: boolean;
  /** The payload stands in a `BlockRoom`: storing takes the memory itself, and the payload is empty afterwards. */
  readonly placed?: boolean;
}
