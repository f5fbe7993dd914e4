import type { NodeId } from "@holdfast/core/ids";
import type { Plan } from "../plan/plan-types.ts";

export interface Decision {
  readonly plan: Plan;
  /** The fresh node with which it ended; undefined: all of them are in it. */
  readonly last: NodeId | undefined;
  /** Fresh nodes of its portion that are hidden, and that no plan has. */
  readonly hidden: number;
  /** Whether it says what becomes of a node, if only that it is hidden; it does not of those that are fresh and of another portion. */
  readonly isInPlan: (id: NodeId) => boolean;
}
