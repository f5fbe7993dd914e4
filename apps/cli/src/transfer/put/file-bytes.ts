import type { TransferCounts } from "../../output/progress.ts";

interface Counted {
  readonly counts: Pick<TransferCounts, "bytesDone">;
  bytesSent: number;
}

/** Each file in flight subtracts only its own bytes from the shared counts. */
export class FileBytes {
  readonly #report: Counted;
  #doneBytes = 0;
  #sentBytes = 0;

  constructor(report: Counted) {
    this.#report = report;
  }

  add(sizeBytes: number): void {
    this.#doneBytes += sizeBytes;
    this.#report.counts.bytesDone += sizeBytes;
  }

  sent(sizeBytes: number): void {
    this.#sentBytes += sizeBytes;
    this.#report.bytesSent += sizeBytes;
  }

  /** Keeps the counts, because the file is stored. */
  keep(): void {
    this.#doneBytes = 0;
    this.#sentBytes = 0;
  }

  /**
   * Subtracts the bytes read, to read the file again. Blocks already sent stay counted, because they are not sent
   * again.
   */
  takeBack(): void {
    this.add(-this.#doneBytes);
  }

  /** Subtracts the bytes sent, unless `keep` was called. */
  end(): void {
    this.sent(-this.#sentBytes);
  }
}
