import type { IncomingHttpHeaders } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import type { Scope } from "@holdfast/protocol/account-routes";
import { administratorScopes } from "@holdfast/protocol/scopes";
import { notForAppPasswords } from "../../features/accounts/sign-in/app-passwords.ts";
import { type Caller, reaches } from "../../features/accounts/context/caller.ts";

export interface Authenticator {
  /**
   * @param bearer text after `Bearer`, not validated
   * @throws HoldfastError `unauthenticated`
   */
  authenticate(bearer: string, facts: CredentialFacts): Promise<Caller>;
  /**
   * @param given text after `Basic`, not validated
   * @throws HoldfastError `unauthenticated`, `rate_limited`
   */
  authenticateApp(given: string, source: string): Promise<Caller>;
  /**
   * The result never has more rights than the caller.
   * @returns undefined if the credential has ended
   */
  lookAgain(caller: Caller): Promise<Caller | undefined>;
}

export interface CredentialFacts {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The route holds the request until something changes. */
  readonly polls: boolean;
}

/** A credential is trusted for this time after the start of a request, as in a running response. */
const believedMs = 2000;

/**
 * The session may have ended while a body arrived, which may take an hour.
 * @param arrived start of the request by the monotonic clock; the default forces the check
 * @throws HoldfastError unauthenticated
 */
export async function stillCaller(
  authenticator: Pick<Authenticator, "lookAgain">,
  caller: Caller,
  { startedMs }: { readonly startedMs: number } = { startedMs: -Infinity },
): Promise<Caller> {
  if (performance.now() - startedMs < believedMs) return caller;
  const now = await authenticator.lookAgain(caller);
  if (now !== undefined) return now;
  const message = "The session, token or link ended while the body of the request was received. Sign in again.";
  throw new HoldfastError("unauthenticated", message);
}

const bearerBytesMax = 4096;

/** @returns undefined without a header or for another scheme */
export function readBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > bearerBytesMax) return undefined;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
}

/**
 * Browsers remember a name and password, and send them with requests that other sites cause. Credentials from other
 * sites are therefore ignored.
 */
export function readBasic(headers: IncomingHttpHeaders): string | undefined {
  const header = headers.authorization;
  if (header === undefined || header.length > bearerBytesMax) return undefined;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "none" && site !== "same-origin") return undefined;
  // Without TLS, browsers send no Sec-Fetch-Site, but they send the page's Origin.
  if (headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host) return undefined;
  return /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
}

/** @throws HoldfastError `forbidden` if the caller's credential does not allow the route */
export function assertAccess(caller: Caller, route: Route): void {
  const { access, callers } = route;
  if (caller.credential.kind === "link" && callers?.includes("link") !== true) {
    throw new HoldfastError(
      "forbidden",
      "This request needs an account. A link gives access only to the files and folders that it shows.",
    );
  }
  if (caller.isApp === true && callers?.includes("app_password") !== true) throw notForAppPasswords();
  if (access === "open" || access === "signed" || access === "signed_in") return;
  if (!caller.admin && administratorScopes.has(access)) {
    throw new HoldfastError("forbidden", "Only an administrator can do this.");
  }
  assertScope(caller, access);
}

export function assertScope(caller: Caller, scope: Scope): void {
  if (!reaches(caller.scopes, scope)) throw new HoldfastError("forbidden", lacking(caller, scope));
}

function lacking({ credential }: Caller, scope: Scope): string {
  if (credential.kind === "link") return "This link is view-only.";
  return `This token does not have the scope ${scope}. Create one that has it.`;
}

export function signInNeeded(header: string | undefined): HoldfastError {
  const message =
    header === undefined
      ? "Sign in first, and send the token as Authorization: Bearer."
      : "The Authorization header must be Bearer and a token.";
  return new HoldfastError("unauthenticated", message);
}
