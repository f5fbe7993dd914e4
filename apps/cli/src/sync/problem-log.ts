import type { Problem } from "../output/output.ts";
import { groupedProblems, problemKey, ProblemLines } from "./problem-lines.ts";

/** Tracks problems for the log across runs: one entry when a problem begins, and one when it ends. */
export class ProblemLog {
  readonly #lines = new ProblemLines();
  #lasting: readonly Problem[];

  /** @param lasting problems of the last run */
  constructor(lasting: readonly Problem[]) {
    this.#lines.after(lasting);
    this.#lasting = lasting;
  }

  /** @param isWhole the sync has finished, so that missing problems have ended */
  after(problems: readonly Problem[], isWhole: boolean): { readonly begun: Problem[]; readonly ended: Problem[] } {
    const now = new Set(problems.map(problemKey));
    const gone = this.#lasting.filter((problem) => !now.has(problemKey(problem)));
    this.#lasting = isWhole ? problems : [...gone, ...problems];
    return { begun: this.#lines.after(this.#lasting), ended: isWhole ? groupedProblems(gone, "") : [] };
  }
}
