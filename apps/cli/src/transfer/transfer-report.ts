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
  #refused = 0;
  #doneAtRefusal = 0;
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

  /**
   * The same for what the other side, or a defect, refused.
   * @throws HoldfastError where it looks as if everything were
   */
  refused(path: string, { code, message }: HoldfastError): void {
    this.problem(path, message, code);
    const { filesDone } = this.counts;
    if (!suspicious.has(code)) return;
    this.#refused = this.#doneAtRefusal === filesDone ? this.#refused + 1 : 1;
    this.#doneAtRefusal = filesDone;
    if (this.#refused < (filesDone === 0 ? refusedAtStartMax : refusedInARowMax)) return;
    const rest = `The last ${this.#refused} in a row were refused, so the rest is not tried.`;
    throw new HoldfastError(isErrorCode(code) ? code : "failed", `${message} ${rest}`);
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

/**
 * Failures that the next file would meet too: the transfer ends with their exit code, and can be run again. A smaller file
 * might still fit into a full space; but which files are there would then be an accident.
 */
const hopeless: ReadonlySet<string> = new Set([
  "unauthenticated",
  "quota",
  "unreachable",
  "unavailable",
  "store_full",
  "rate_limited",
]);

/** Failures that look the same whether they are of one file or of all. */
const suspicious: ReadonlySet<string> = new Set(["forbidden", "internal", "failed"]);
/** So many of them in a row are of all: at the start, where nothing has been done yet, and later. */
const refusedAtStartMax = 20;
const refusedInARowMax = 200;

export function assertNotHopeless(code: string | undefined, message: string): void {
  if (code !== undefined && isErrorCode(code) && hopeless.has(code)) throw new HoldfastError(code, message);
}
