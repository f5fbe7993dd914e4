import type { NodeId } from "@holdfast/core/ids";
import type { CycleOutcome } from "./cycle-outcome.ts";
import type { FreshNodes } from "../state/restless-nodes.ts";
import type { Problem } from "./problems.ts";

/** Of how much is held in memory where very much is new. */
export interface Portions {
  /** Of one look, things that are not as they were known, or a folder more. */
  readonly entriesMax: number;
  /** Of one plan, nodes that are fresh, or a folder more. */
  readonly freshMax: number;
}

/** About 40 MB for a look and 100 MB for a plan; a batch of operations is a sixteenth of it. */
export const defaultPortions: Portions = { entriesMax: 16_384, freshMax: 16_384 };

/** What a plan alone knows of: of those before in the same round it is kept. */
const ofOnePlan: ReadonlySet<string> = new Set(["store_full", "read_only", "blocked"]);

/**
 * Where the next plan begins among the nodes that are fresh. Each plan goes on behind the one before, whatever came of that, so that what
 * waits keeps nothing else from its turn. After the last one it begins anew, until a whole round has done nothing.
 */
export class Rounds {
  #after: NodeId | "" = "";
  #hidden = 0;
  #earlier: CycleOutcome | undefined;

  /** The fresh node behind which the next plan begins; "": with the first. */
  get after(): NodeId | "" {
    return this.#after;
  }

  /** Before a plan. */
  begin(fresh: FreshNodes): void {
    if (this.#after !== "") return;
    fresh.firstNew = undefined;
    this.#hidden = 0;
  }

  /**
   * Counts the fresh nodes that a plan lacks: those behind its portion, and those that an earlier plan of the round had no time for.
   * @param planned nodes of the plan. It has each folder whole, and so it has fresh nodes of other portions too.
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
   * @param last the fresh node with which the plan ended; undefined: it went to the last one
   * @returns what came of the round so far; while it goes on that is progress
   */
  turn(last: NodeId | undefined, outcome: CycleOutcome, { firstNew }: FreshNodes): CycleOutcome {
    const sum = this.#earlier === undefined ? outcome : together(this.#earlier, outcome);
    // Ids are in no order of time: what became fresh meanwhile may stand where this round has passed already.
    const isPassedOver = firstNew !== undefined && firstNew <= this.#after;
    this.#after = last ?? "";
    this.#earlier = last === undefined ? undefined : sum;
    return last !== undefined || isPassedOver ? { ...sum, hasProgressed: true } : sum;
  }
}

function together(earlier: CycleOutcome, last: CycleOutcome): CycleOutcome {
  const times = [earlier.lookAgainMs, last.lookAgainMs].filter((each) => each !== undefined);
  const isKnown = ({ path, code }: Problem): boolean =>
    last.problems.some((each) => each.path === path && each.code === code);
  return {
    ...last,
    hasProgressed: earlier.hasProgressed || last.hasProgressed,
    isFruitful: earlier.isFruitful || last.isFruitful,
    lookAgainMs: times.length === 0 ? undefined : Math.min(...times),
    isRestless: earlier.isRestless || last.isRestless,
    isStuck:
      [earlier, last].every(({ isRestless, isStuck }) => isStuck || !isRestless) && (earlier.isStuck || last.isStuck),
    retriesSoon: earlier.retriesSoon || last.retriesSoon,
    problems: [...earlier.problems.filter((each) => ofOnePlan.has(each.code) && !isKnown(each)), ...last.problems],
  };
}
