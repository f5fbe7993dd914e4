import type { Route } from "@holdfast/protocol/route";
import type { Later } from "./handler.ts";
import type { AuditRule } from "../route-audit.ts";
import type { LooseAnswer } from "./answer.ts";
import type { ProblemShape } from "./problem.ts";

/** Untyped: the definition of a handler is type-checked against its route. */
export type LooseHandler = (
  context: unknown,
) => Promise<LooseAnswer | Later<LooseAnswer>> | LooseAnswer | Later<LooseAnswer>;
export interface Mounted {
  readonly route: Route;
  readonly handler: LooseHandler;
  /** undefined: nothing is audited */
  readonly audit?: AuditRule | undefined;
  /** Error format of another standard; undefined: ours. */
  readonly problem?: ProblemShape;
}
