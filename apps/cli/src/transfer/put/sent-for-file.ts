import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { PutWork } from "./put-work.ts";

/** If the file cannot be stored, the server need not keep its blocks. */
export class SentForFile {
  readonly #hashes = new Set<HashHex>();
  #isForNothing = false;

  add(hashes: Iterable<HashHex>): void {
    for (const hash of hashes) this.#hashes.add(hash);
  }

  /** Called when the server rejects the file. */
  isForNothing(): void {
    this.#isForNothing = true;
  }

  /** Discards blocks only of a file that did not fit. After other failures the next run can use them. */
  failed(failure: unknown): void {
    if (failure instanceof HoldfastError && ["quota", "store_full"].includes(failure.code)) this.isForNothing();
  }

  /** Discards the blocks if the file failed. The server keeps blocks that other files or uploads refer to. */
  async end({ client, sent }: Pick<PutWork, "client" | "sent">, into: string): Promise<void> {
    if (!this.#isForNothing) return;
    const hashes = [...this.#hashes];
    for (const hash of hashes) sent.delete(hash);
    try {
      for (let start = 0; start < hashes.length; start += limits.queryHashesMax) {
        const some = hashes.slice(start, start + limits.queryHashesMax);
        await client.call("discardBlocks", { body: { hashes: some, into } });
      }
    } catch (thrown) {
      // Only the failure of the file is reported. The server removes unused blocks later.
      if (!(thrown instanceof HoldfastError)) throw thrown;
    }
  }
}
