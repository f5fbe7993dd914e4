import type { NodeId } from "@holdfast/core/ids";
import type { Plan } from "../plan/plan-types.ts";

export interface Decision {
  readonly plan: Plan;
  /** Last fresh node of the portion; undefined: the plan contains all. */
  readonly last: NodeId | undefined;
  /** Number of hidden fresh nodes in the portion, which no plan contains. */
  readonly hidden: number;
  /**
   * Returns true if the plan decides about a node, even if only that it is hidden. False for fresh nodes of other
   * portions.
   */
  readonly isInPlan: (id: NodeId) => boolean;
}
