import { HoldfastError } from "@holdfast/core/errors";
import type { Caller } from "./caller.ts";

/** Requester. A command beside the data has none, and so no credential that could be stolen. */
export type By = Partial<Pick<Caller, "credential">> | undefined;

export function isByToken(by: By): boolean {
  return by?.credential?.kind === "token";
}

/**
 * Error for acts forbidden to a token, because it may be stolen. Such acts would last longer than the token, or undo
 * what is required of accounts.
 * @param what the forbidden act, after "A token"
 */
export function neededSignedIn(what: string): HoldfastError {
  const message = `A token ${what}. Sign in with the password, or use --data on the server itself.`;
  return new HoldfastError("forbidden", message);
}
