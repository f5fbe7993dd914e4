import type { Output, Problem } from "../output/output.ts";
import type { TransferCounts } from "../output/progress.ts";

/** What an import did, and what it could not do while it did the rest. */
export class ImportReport {
  readonly problems: Problem[] = [];
  readonly conflicts: Problem[] = [];
  folders = 0;
  files = 0;
  links = 0;
  versions = 0;
  /** Files and links that were there already. */
  equal = 0;
  labels = 0;
  stars = 0;
  comments = 0;
  /** Of others: shown in the archive by name alone. */
  mounts = 0;
  readonly counts: TransferCounts;
  readonly #output: Output;

  /** @param counts what the line of progress shows */
  constructor(output: Output, counts: TransferCounts) {
    this.#output = output;
    this.counts = counts;
  }

  problem(path: string, message: string): void {
    const problem = { path, code: "failed", message };
    this.problems.push(problem);
    this.#output.problem(problem);
  }

  conflict(path: string, message: string): void {
    this.conflicts.push({ path, code: "conflict", message });
    this.#output.say(`holdfast: ${path} ${message}`);
  }

  /** 1 where something is missing, 5 where something stands beside something else. */
  get exitCode(): number {
    if (this.problems.length > 0) return 1;
    return this.conflicts.length > 0 ? 5 : 0;
  }

  toJson() {
    const { folders, files, links, versions, equal, labels, stars, comments, conflicts, problems } = this;
    return { folders, files, links, versions, equal, labels, stars, comments, conflicts, problems };
  }
}
