import { HoldfastError } from "@holdfast/core/errors";
import type { Caller } from "../context/caller.ts";

/** Commands beside the data have no credential that could be stolen. */
export type By = Partial<Pick<Caller, "credential">> | undefined;

export function isByToken(by: By): boolean {
  return by?.credential?.kind === "token";
}

/**
 * Error for acts forbidden to tokens. A token may be stolen; the effects of such acts would outlast it or relax
 * requirements.
 * @param what the forbidden act, after "A token"
 */
export function neededSignedIn(what: string): HoldfastError {
  const message = `A token ${what}. Sign in with the password, or use --data on the server itself.`;
  return new HoldfastError("forbidden", message);
}
