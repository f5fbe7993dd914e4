import type { NodeId } from "@holdfast/core/ids";
import type { Plan } from "../../plan/plan-types.ts";

export interface Decision {
  readonly plan: Plan;
  /** Last fresh node of the portion; undefined: the plan contains all */
  readonly last: NodeId | undefined;
  /** Hidden fresh nodes in the portion; no plan contains them. */
  readonly hidden: number;
  /**
   * True if the plan decides about the node, even if only that it is hidden. False for fresh nodes of other portions.
   */
  readonly isInPlan: (id: NodeId) => boolean;
}
