import { createHash, type Hash } from "node:crypto";
import type { UploadId } from "@holdfast/core/ids";

/** So many uploads have their hash in memory; those of others are computed from the stored blocks. */
const hashesMax = 1000;

/**
 * The SHA-256 of those uploads whose bytes have all passed through this process, up to their durable offset. Only a
 * saving: whoever finds none reads the stored blocks again.
 */
export class SeenHashes {
  readonly #seen = new Map<UploadId, { readonly offset: number; readonly hash: Hash }>();

  /** Removes it, so that no two writers feed one hash. A file begins with an empty one. */
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
