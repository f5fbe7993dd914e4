import { needsProof, type Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { assertAddress, factorRequired } from "../../features/accounts/callers/access-rules.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { proofRequired } from "../../features/accounts/callers/session-proof.ts";

/** Signing out is always allowed. */
const leaving: ReadonlySet<Route> = new Set<Route>([routes.deleteCurrentSession, routes.deleteWebSession]);

/**
 * A session whose account must set up a second factor may do that, describe the account and confirm its address. New
 * routes are rejected by default.
 */
export const routesToEnrol: ReadonlySet<Route> = new Set<Route>([
  ...leaving,
  routes.getAccount,
  routes.confirmAddress,
  routes.listOutsideIdentities,
  routes.beginOutsideProof,
  routes.confirmOutsideProof,
  routes.getSecondFactor,
  routes.prepareSecondFactor,
  routes.confirmSecondFactor,
  routes.listPasskeys,
  routes.preparePasskey,
  routes.confirmPasskey,
]);

/**
 * Checks that the account may be used from this address and has a required second factor. Only sessions may set one up:
 * a personal access token or app password would be a way around it.
 * @throws HoldfastError address_not_allowed, second_factor_required
 */
export function assertAdmitted({ access, credential }: Caller, route: Route, address: string): void {
  if (access === undefined || leaving.has(route)) return;
  assertAddress(access, address);
  if (!access.mustEnrol || (credential.kind === "session" && routesToEnrol.has(route))) return;
  throw factorRequired(access.factorDueAtMicros);
}

/**
 * Protects open and stolen sessions: actions that are irreversible or outlast the session require a fresh proof of
 * identity.
 * @throws HoldfastError proof_required
 */
export function assertProven({ lacksProof }: Caller, route: Route, body: unknown): void {
  if (lacksProof !== true || !needsProof(route, body)) return;
  throw proofRequired();
}
