import type { TransferCounts } from "../../output/progress.ts";

/** What one file has added to the bytes that are done. The files that are in flight share that count, so each takes back its own alone. */
export class FileBytes {
  readonly #counts: Pick<TransferCounts, "bytesDone">;
  #doneBytes = 0;

  constructor(counts: Pick<TransferCounts, "bytesDone">) {
    this.#counts = counts;
  }

  add(sizeBytes: number): void {
    this.#doneBytes += sizeBytes;
    this.#counts.bytesDone += sizeBytes;
  }

  /** The file is put: what it has added stays. */
  keep(): void {
    this.#doneBytes = 0;
  }

  /** The file begins anew, or is not put. */
  takeBack(): void {
    this.add(-this.#doneBytes);
  }
}
