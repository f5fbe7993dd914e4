import type { HashHex } from "@holdfast/core/ids";

/** Decrypted block as stored in its pack. The payload may be a zstd frame, which is sent unchanged. */
export interface StoredBlock {
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
  readonly payload: Uint8Array;
}
