import { needsProof, type Route } from "@holdfast/protocol/route";
import { assertNotSuspended } from "../../tree/brake/device-suspended.ts";
import { assertAddress, factorRequired } from "../../features/accounts/callers/access-rules.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { proofRequired } from "../../features/accounts/callers/session-proof.ts";

/**
 * Checks that the account may be used from this address and has a required second factor. Only sessions may set one up:
 * a personal access token or app password would be a way around it.
 * @throws HoldfastError address_not_allowed, second_factor_required
 */
export function assertAdmitted({ access, credential }: Caller, route: Route, address: string): void {
  if (access === undefined || route.endsSession === true) return;
  assertAddress(access, address);
  if (!access.mustEnroll || (credential.kind === "session" && route.callers?.includes("enrolling") === true)) return;
  throw factorRequired(access.factorDueAtMicros);
}

/**
 * Rejects suspended devices, and open or stolen sessions: actions that are irreversible or outlast the session require a
 * fresh proof of identity. Runs after the body was read, so that the audit log has its details.
 * @throws HoldfastError device_suspended, proof_required
 */
export function assertTrusted(caller: Caller, route: Route, body: unknown): void {
  if (route.rejectsSuspended === true) assertNotSuspended(caller);
  if (caller.lacksProof === true && needsProof(route, body)) throw proofRequired();
}
