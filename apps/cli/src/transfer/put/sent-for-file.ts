import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { PutWork } from "./put-work.ts";

/** Blocks that one file has sent. If the file cannot be stored, the server need not keep them. */
export class SentForFile {
  readonly #hashes = new Set<HashHex>();
  #isForNothing = false;

  add(hashes: Iterable<HashHex>): void {
    for (const hash of hashes) this.#hashes.add(hash);
  }

  /** The server has refused the file. */
  isForNothing(): void {
    this.#isForNothing = true;
  }

  /** Only a file without room is for nothing: after any other failure the blocks are there for the next run. */
  failed(failure: unknown): void {
    if (failure instanceof HoldfastError && ["quota", "store_full"].includes(failure.code)) this.isForNothing();
  }

  /** Discards the blocks if they are for nothing. The server keeps those that another file or upload refers to. */
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
      // The failure of the file is what is reported. The server lets the blocks go by itself, later.
      if (!(thrown instanceof HoldfastError)) throw thrown;
    }
  }
}
