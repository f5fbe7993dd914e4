import { HoldfastError } from "@holdfast/core/errors";
import type { Access } from "@holdfast/protocol/route";
import type { Caller } from "../../accounts/caller.ts";

/** Given by accounts: finds out whose session or personal access token this is, and that it is still alive. */
export interface Authenticator {
  /** @param bearer what stands after `Bearer`, not checked at all. @throws HoldfastError `unauthenticated` */
  authenticate(bearer: string, facts: CredentialFacts): Promise<Caller>;
}

export interface CredentialFacts {
  readonly address: string;
  readonly userAgent: string | undefined;
}

const bearerBytesMax = 4096;

/** The token of `Authorization: Bearer`; undefined where there is none, of another scheme included. */
export function readBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > bearerBytesMax) return undefined;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
}

/** @throws HoldfastError `forbidden` when the caller's credential does not reach this far */
export function assertAccess(caller: Caller, access: Access): void {
  if (access === "open" || access === "signed" || access === "signed_in") return;
  if (access === "admin" && !caller.admin) {
    throw new HoldfastError("forbidden", "Only an administrator may do this.");
  }
  if (!caller.scopes.has(access)) {
    throw new HoldfastError("forbidden", `This token does not have the scope ${access}. Make one that has it.`);
  }
}

export function signInNeeded(header: string | undefined): HoldfastError {
  const message =
    header === undefined
      ? "Sign in first, and send the token as Authorization: Bearer."
      : "The Authorization header is not of the form Bearer and a token.";
  return new HoldfastError("unauthenticated", message);
}
