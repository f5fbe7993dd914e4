import { createHash, type Hash } from "node:crypto";
import type { UploadId } from "@holdfast/core/ids";

/** Further hashes are computed from the stored blocks. */
const hashesMax = 1000;

/**
 * SHA-256 states of uploads whose bytes, up to the durable offset, all passed through this process. Without one, the
 * stored blocks are read again.
 */
export class SeenHashes {
  readonly #seen = new Map<UploadId, { readonly offset: number; readonly hash: Hash }>();

  /** Removes the state, so that two writers cannot update one hash. */
  take(uploadId: UploadId, offset: number): Hash | undefined {
    const seen = this.#seen.get(uploadId);
    this.#seen.delete(uploadId);
    if (offset === 0) return createHash("sha256");
    return seen?.offset === offset ? seen.hash : undefined;
  }

  put(uploadId: UploadId, offset: number, hash: Hash): void {
    this.#seen.delete(uploadId);
    this.#seen.set(uploadId, { offset, hash });
    for (const oldest of this.#seen.keys()) {
      if (this.#seen.size <= hashesMax) return;
      this.#seen.delete(oldest);
    }
  }
}
