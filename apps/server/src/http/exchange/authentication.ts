import type { IncomingHttpHeaders } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import type { Scope } from "@holdfast/protocol/account-routes";
import { administratorScopes } from "@holdfast/protocol/scopes";
import { notForAppPasswords } from "../../accounts/app-passwords.ts";
import { type Caller, reaches } from "../../accounts/caller.ts";
import { routesForAppPasswords } from "./app-password-routes.ts";
import { routesForLinks } from "./link-routes.ts";

/** Given by accounts: finds out whose session, personal access token or link this is, and that it is still alive. */
export interface Authenticator {
  /** @param bearer what stands after `Bearer`, not checked at all. @throws HoldfastError `unauthenticated` */
  authenticate(bearer: string, facts: CredentialFacts): Promise<Caller>;
  /** @param given what stands after `Basic`, not checked at all. @throws HoldfastError `unauthenticated`, `rate_limited` */
  authenticateApp(given: string, source: string): Promise<Caller>;
  /** Who a caller is by now, who may do no more than when that was proved; undefined where what proved it has ended. */
  lookAgain(caller: Caller): Promise<Caller | undefined>;
}

export interface CredentialFacts {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The route holds the request until something changes. */
  readonly polls: boolean;
}

/** So long after a request began what it came with is believed, as in a running answer. */
const believedMs = 2000;

/**
 * Of a request whose body takes its time, perhaps an hour in which its session was ended.
 * @param arrived when it began, by the monotonic clock; so long ago unless given that nothing is believed
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

/** The token of `Authorization: Bearer`; undefined where there is none, of another scheme included. */
export function readBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > bearerBytesMax) return undefined;
  return /^bearer +([\x21-\x7e]+) *$/i.exec(header)?.[1];
}

/**
 * What stands after `Authorization: Basic`, of a program. A browser that was told name and password once sends them to every address of this
 * server, whoever's page asks for it: what a page of elsewhere has it send is as if nothing had come.
 */
export function readBasic(headers: IncomingHttpHeaders): string | undefined {
  const header = headers.authorization;
  if (header === undefined || header.length > bearerBytesMax) return undefined;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "none" && site !== "same-origin") return undefined;
  // Without TLS a browser says nothing of the site, and still whose page it is.
  if (headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host) return undefined;
  return /^basic +([A-Za-z0-9+/]+=*) *$/i.exec(header)?.[1];
}

/** @throws HoldfastError `forbidden` when the caller's credential does not reach this far */
export function assertAccess(caller: Caller, route: Route): void {
  const { access } = route;
  if (caller.credential.kind === "link" && !routesForLinks.has(route)) {
    throw new HoldfastError(
      "forbidden",
      "This request needs an account. A link gives access only to the files and folders that it shows.",
    );
  }
  if (caller.isApp === true && !routesForAppPasswords.has(route)) throw notForAppPasswords();
  if (access === "open" || access === "signed" || access === "signed_in") return;
  if (!caller.admin && administratorScopes.has(access)) {
    throw new HoldfastError("forbidden", "Only an administrator can do this.");
  }
  assertScope(caller, access);
}

/** @throws HoldfastError `forbidden` */
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
