import type { Problem } from "../output/output.ts";
import { groupedProblems, problemKey, ProblemLines } from "./problem-lines.ts";

/** Which problems the log of a sync speaks of as lasting: each has an entry when it begins, and one when it ends, over all runs. */
export class ProblemLog {
  readonly #lines = new ProblemLines();
  #lasting: readonly Problem[];

  /** @param lasting those of the last run */
  constructor(lasting: readonly Problem[]) {
    this.#lines.after(lasting);
    this.#lasting = lasting;
  }

  /** @param isWhole nothing is under way any more, so that a problem that is not among these has ended */
  after(problems: readonly Problem[], isWhole: boolean): { readonly begun: Problem[]; readonly ended: Problem[] } {
    const now = new Set(problems.map(problemKey));
    const gone = this.#lasting.filter((problem) => !now.has(problemKey(problem)));
    this.#lasting = isWhole ? problems : [...gone, ...problems];
    return { begun: this.#lines.after(this.#lasting), ended: isWhole ? groupedProblems(gone, "") : [] };
  }
}
