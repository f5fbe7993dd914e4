import type { Output, Problem } from "../output/output.ts";
import type { TransferCounts } from "../output/progress.ts";

export class ImportReport {
  readonly problems: Problem[] = [];
  readonly conflicts: Problem[] = [];
  folders = 0;
  files = 0;
  links = 0;
  versions = 0;
  /** Files and links that already existed. */
  equal = 0;
  labels = 0;
  stars = 0;
  comments = 0;
  /** The archive contains only the names of other accounts' shares. */
  mounts = 0;
  readonly counts: TransferCounts;
  readonly #output: Output;

  /** @param counts shown by the progress line */
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

  /** 1 if something is missing, 5 if a node was imported under another name. */
  get exitCode(): number {
    if (this.problems.length > 0) return 1;
    return this.conflicts.length > 0 ? 5 : 0;
  }

  toJson() {
    const { folders, files, links, versions, equal, labels, stars, comments, conflicts, problems } = this;
    return { folders, files, links, versions, equal, labels, stars, comments, conflicts, problems };
  }
}
