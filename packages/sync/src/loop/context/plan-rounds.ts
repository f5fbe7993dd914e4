import type { NodeId } from "@holdfast/core/ids";
import type { CycleOutcome } from "../reports/cycle-outcome.ts";
import type { FreshNodes } from "../../state/unsynced-nodes.ts";
import type { Problem } from "../reports/problems.ts";

/** Only one plan finds these problems, and those of earlier plans are kept. */
const ofOnePlan: ReadonlySet<string> = new Set(["store_full", "read_only", "blocked"]);

/**
 * Splits fresh nodes among plans. Each plan continues after the previous one, so waiting nodes block no others. Rounds
 * repeat until one has done nothing.
 */
export class PlanRounds {
  #after: NodeId | "" = "";
  #hidden = 0;
  #earlier: CycleOutcome | undefined;

  /** The next plan starts after this fresh node; "": from the first. */
  get after(): NodeId | "" {
    return this.#after;
  }

  begin(fresh: FreshNodes): void {
    if (this.#after !== "") return;
    fresh.firstNew = undefined;
    this.#hidden = 0;
  }

  /**
   * Counts fresh nodes of later portions, and nodes for which earlier plans had no time.
   * @param planned nodes of the plan, which contains whole folders and therefore fresh nodes of other portions too
   */
  countLeft(
    planned: Iterable<NodeId>,
    { last, hidden }: { readonly last: NodeId | undefined; readonly hidden: number },
    fresh: FreshNodes,
  ): number {
    this.#hidden += hidden;
    if (last === undefined && this.#after === "") return 0;
    const inPlan = new Set(planned).values().filter((id) => fresh.has(id));
    return Math.max(0, fresh.size - this.#hidden - inPlan.reduce((count) => count + 1, 0));
  }

  /**
   * @param last last fresh node of the plan; undefined: the end was reached
   * @returns result of the round so far; an unfinished round counts as progress
   */
  finish(last: NodeId | undefined, outcome: CycleOutcome, { firstNew }: FreshNodes): CycleOutcome {
    const sum = this.#earlier === undefined ? outcome : together(this.#earlier, outcome);
    // Ids have no order in time, so the round may have passed a new fresh node.
    const isPassedOver = firstNew !== undefined && firstNew <= this.#after;
    this.#after = last ?? "";
    this.#earlier = last === undefined ? undefined : sum;
    return last !== undefined || isPassedOver ? { ...sum, hasProgressed: true } : sum;
  }
}

function together(earlier: CycleOutcome, last: CycleOutcome): CycleOutcome {
  const times = [earlier.nextCycleInMs, last.nextCycleInMs].filter((each) => each !== undefined);
  const isKnown = ({ path, code }: Problem): boolean =>
    last.problems.some((each) => each.path === path && each.code === code);
  return {
    ...last,
    hasProgressed: earlier.hasProgressed || last.hasProgressed,
    isFruitful: earlier.isFruitful || last.isFruitful,
    nextCycleInMs: times.length === 0 ? undefined : Math.min(...times),
    isUnstable: earlier.isUnstable || last.isUnstable,
    isStuck:
      [earlier, last].every(({ isUnstable, isStuck }) => isStuck || !isUnstable) && (earlier.isStuck || last.isStuck),
    retriesSoon: earlier.retriesSoon || last.retriesSoon,
    problems: [...earlier.problems.filter((each) => ofOnePlan.has(each.code) && !isKnown(each)), ...last.problems],
  };
}
