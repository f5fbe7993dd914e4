import type { Scope } from "@holdfast/protocol/account-routes";
import type { ProgramScope } from "@holdfast/protocol/scopes";
import { usage } from "../output/usage.ts";

export const programScopes: readonly ProgramScope[] = ["files:read", "files:write", "account", "admin"];
export const tokenScopes: readonly Scope[] = [...programScopes, "scim"];

/** @throws HoldfastError usage */
export function parseScope<Each extends Scope>(text: string, among: readonly Each[]): Each {
  const scope = among.find((each) => each === text.trim());
  if (scope === undefined) throw usage(`${text} is not a scope. The scopes are ${among.join(", ")}.`);
  return scope;
}
