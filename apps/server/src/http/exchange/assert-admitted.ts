import { needsProof, type Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { assertAddress, factorRequired } from "../../accounts/access-rules.ts";
import type { Caller } from "../../accounts/caller.ts";
import { proofRequired } from "../../accounts/session-proof.ts";

/** Whoever is to be kept out may leave. */
const leaving: ReadonlySet<Route> = new Set<Route>([routes.deleteCurrentSession, routes.deleteWebSession]);

/**
 * All that a session may call whose account must have a second factor and has none: what makes one, who it is, and that its address is its own. A route that nobody thought of
 * is refused.
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
 * That the account may be used from this address, and has the second factor that it must have. Whoever has none enrols by a session: a personal
 * access token or an app password would be a way around it.
 * @throws HoldfastError address_not_allowed, second_factor_required
 */
export function assertAdmitted({ access, credential }: Caller, route: Route, address: string): void {
  if (access === undefined || leaving.has(route)) return;
  assertAddress(access, address);
  if (!access.mustEnrol || (credential.kind === "session" && routesToEnrol.has(route))) return;
  throw factorRequired(access.factorDueAtMicros);
}

/**
 * Who finds a session open, or has stolen one, does with it nothing that cannot be taken back, and nothing that lasts longer than the session.
 * @throws HoldfastError proof_required
 */
export function assertProven({ lacksProof }: Caller, route: Route, body: unknown): void {
  if (lacksProof !== true || !needsProof(route, body)) return;
  throw proofRequired();
}
