import type { ClaimsWorld } from "../../features/issuer/follow-claims.ts";
import { followPeople } from "../../features/ldap/follow-people.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

/** Finds leavers and group changes. */
export function ldapJobs(world: ClaimsWorld, settings: LdapSettings | undefined): PeriodicJob[] {
  if (settings?.everyMs === undefined) return [];
  return [{ name: "ldap", everyMs: settings.everyMs, run: (signal) => followPeople(world, settings, signal) }];
}
