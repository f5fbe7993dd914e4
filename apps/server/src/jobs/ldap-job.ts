import type { ClaimsWorld } from "../issuer/follow-claims.ts";
import { followPeople } from "../ldap/follow-people.ts";
import type { LdapSettings } from "../ldap/ldap-settings.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

/** Looks up those who are linked to the LDAP server, for whoever has gone and for groups. */
export function ldapJobs(world: ClaimsWorld, settings: LdapSettings | undefined): PeriodicJob[] {
  if (settings?.everyMs === undefined) return [];
  return [{ name: "ldap", everyMs: settings.everyMs, run: (signal) => followPeople(world, settings, signal) }];
}
