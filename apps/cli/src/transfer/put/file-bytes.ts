import type { TransferCounts } from "../../output/progress.ts";

interface Counted {
  readonly counts: Pick<TransferCounts, "bytesDone">;
  bytesSent: number;
}

/** The bytes that one file has added to the counts. The files that are in flight share the counts, so each takes back its own alone. */
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

  /** The file is put: what it has added stays. */
  keep(): void {
    this.#doneBytes = 0;
    this.#sentBytes = 0;
  }

  /** The file is read again from its start. Its sent blocks are not sent again, and stay counted. */
  takeBack(): void {
    this.add(-this.#doneBytes);
  }

  /** Without `keep` the file was not put: nothing counts as sent. */
  end(): void {
    this.sent(-this.#sentBytes);
  }
}
