import type { Route } from "@holdfast/protocol/route";
import type { Later } from "../handler.ts";
import type { AuditRule } from "../route-audit.ts";
import type { LooseAnswer } from "./answer.ts";
import type { ProblemShape } from "./problem.ts";

/** A handler as the exchange calls it: the types of its route were checked where it was written. */
export type LooseHandler = (
  context: unknown,
) => Promise<LooseAnswer | Later<LooseAnswer>> | LooseAnswer | Later<LooseAnswer>;
/** A route as it is served. */
export interface Mounted {
  readonly route: Route;
  readonly handler: LooseHandler;
  /** Undefined: nothing of it is recorded. */
  readonly audit?: AuditRule | undefined;
  /** The form that another standard gives to what is refused; undefined: ours. */
  readonly problem?: ProblemShape;
}
