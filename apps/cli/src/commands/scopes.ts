import type { Scope } from "@holdfast/protocol/account-routes";
import { usage } from "./command.ts";

/** What a token, or a program, may be given. */
export const scopes: readonly Scope[] = ["files:read", "files:write", "account", "admin"];

/** @throws HoldfastError usage */
export function parseScope(text: string): Scope {
  const scope = scopes.find((each) => each === text.trim());
  if (scope === undefined) throw usage(`${text} is not a scope; there are ${scopes.join(", ")}.`);
  return scope;
}
