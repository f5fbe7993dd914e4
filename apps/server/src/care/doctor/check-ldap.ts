import { toHoldfastError } from "@holdfast/core/errors";
import { reasonOf } from "../../features/ldap/conversation.ts";
import { type LdapRun, readRun } from "../../features/ldap/ldap-runs.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";
import { lookAtLdap } from "../../features/ldap/open-ldap.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";

/** The LDAP server must respond and have people, and linked people must have been looked up. */
export async function checkLdap({ config: { ldap }, shards, clock }: DoctorWorld): Promise<Finding[]> {
  if (ldap === undefined) return [];
  const answering = await answers(ldap);
  const runs = await Promise.all(shards.map(readRun));
  const run = runs.find((each) => each !== undefined);
  return [answering, ...(ldap.everyMs === undefined ? [] : judgeRun(run, clock.nowMicros() / 1000, ldap.everyMs))];
}

async function answers(ldap: LdapSettings): Promise<Finding> {
  const name = `${ldap.name} (${ldap.url})`;
  const advice =
    "Nobody can sign in through it until then. Check that it is running and that HOLDFAST_LDAP is correct.";
  try {
    if (await lookAtLdap(ldap)) return ok("ldap", `${name} answers`);
    return { ...warn("ldap", `${name}: people_filter finds nobody below ${ldap.base}`, advice), urgency: "passing" };
  } catch (error) {
    const { cause, message } = toHoldfastError(error);
    const why = cause instanceof Error ? reasonOf(cause) : message;
    return { ...warn("ldap", `${name}: ${why}`, advice), urgency: "passing" };
  }
}

/** An incomplete run suspends nobody, so it must be reported. */
export function judgeRun(run: LdapRun | undefined, nowMs: number, everyMs: number): Finding[] {
  if (run === undefined) return [];
  if (run.problem !== null) {
    const advice = "People who left are not suspended until this is fixed: see docs/identity.md, LDAP.";
    return [fail("ldap", `accounts could not be synchronized: ${run.problem}`, advice)];
  }
  const ageMs = nowMs - run.tried_at / 1000;
  if (ageMs <= everyMs * 3 + 60_000) return [];
  return [warn("ldap", "accounts have not been synchronized for a long time", "See the log for the job ldap.")];
}
