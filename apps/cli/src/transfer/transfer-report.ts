import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { Output, Problem } from "../output/output.ts";
import { TransferCounts } from "../output/progress.ts";

/** What a put or get did, and what it could not do while it did the rest. */
export class TransferReport {
  readonly counts = new TransferCounts();
  readonly problems: Problem[] = [];
  filesSent = 0;
  filesEqual = 0;
  /** Equal ones of which the server had lost blocks, and has them again. */
  filesHealed = 0;
  attributesSet = 0;
  foldersMade = 0;
  linksMade = 0;
  /** Bytes of the files that were sent or fetched, before compression and without what the other side had. */
  bytesSent = 0;
  readonly #output: Output;
  readonly #verb: "sent" | "received";

  constructor(output: Output, verb: "sent" | "received") {
    this.#output = output;
    this.#verb = verb;
  }

  /** Shown at once, and listed in the result. */
  problem(path: string, message: string, code = "failed"): void {
    const problem = { path, code, message };
    this.problems.push(problem);
    this.#output.problem(problem);
  }

  planned(sizeBytes: number): void {
    this.counts.filesTotal += 1;
    this.counts.bytesTotal += sizeBytes;
  }

  done(sizeBytes: number): void {
    this.counts.filesDone += 1;
    this.counts.bytesDone += sizeBytes;
  }

  toJson() {
    return {
      [`files_${this.#verb}`]: this.filesSent,
      files_equal: this.filesEqual,
      ...(this.#verb === "sent" ? { files_healed: this.filesHealed } : {}),
      attributes_set: this.attributesSet,
      folders_made: this.foldersMade,
      links_made: this.linksMade,
      [`bytes_${this.#verb}`]: this.bytesSent,
      problems: this.problems,
    };
  }
}

/** Failures that the next file would meet too: the transfer ends, and can be run again. */
const hopeless: ReadonlySet<string> = new Set([
  "unauthenticated",
  "forbidden",
  "quota",
  "unreachable",
  "unavailable",
  "store_full",
  "rate_limited",
  "internal",
]);

export function assertNotHopeless(code: string | undefined, message: string): void {
  if (code !== undefined && isErrorCode(code) && hopeless.has(code)) throw new HoldfastError(code, message);
}
