import { HoldfastError } from "@holdfast/core/errors";
import type { Caller } from "./caller.ts";

/** Who asks; beside the data there is nobody, and nothing that could be stolen. */
export type By = Partial<Pick<Caller, "credential">> | undefined;

/** A personal access token, or that of a program. */
export function isByToken(by: By): boolean {
  return by?.credential?.kind === "token";
}

/**
 * Of what a token that is stolen must not do: what would last longer than the token, or take back what is asked of accounts.
 * @param what the token does not do, after "A token"
 */
export function neededSignedIn(what: string): HoldfastError {
  const message = `A token ${what}. Sign in with the password, or use --data on the server itself.`;
  return new HoldfastError("forbidden", message);
}
