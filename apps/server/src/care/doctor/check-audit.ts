import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { Shard } from "../../base/db/shards.ts";
import type { DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

/** A longer delay is unusual for forwarding, which takes a second. */
const lateMicros = 60_000_000;

interface Found {
  readonly verified_at: number | null;
  readonly verified_ok: boolean | null;
  /** Oldest unsent entry. */
  readonly unsent_at: number | null;
}

/** Last verification, and whether the syslog server accepts entries. */
export async function checkAudit({ shards, config, clock }: DoctorWorld): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const shard of shards)
    findings.push(of(shard.id, await checkChain(shard, config.auditSyslog !== undefined, clock)));
  return findings;
}

async function checkChain(
  { id, db }: Pick<Shard, "id" | "db">,
  isForwarded: boolean,
  clock: DoctorWorld["clock"],
): Promise<Finding> {
  const { rows } = await sql<Found>`
    select verified_at, verified_ok,
      (select at from shard.audit_entries where seq > sent_seq order by seq limit 1) as unsent_at
    from shard.audit_chain`.execute(db);
  const [found] = rows;
  if (found === undefined || found.verified_ok === false) {
    const advice = "Run 'holdfast admin audit verify', which names the first entry that was changed.";
    const detail = `shard ${id}: the last verification found that the audit log was changed`;
    return { ...fail("audit", detail, advice), urgency: "damage" };
  }
  const { verified_at: verifiedAt, unsent_at: unsentAt } = found;
  if (isForwarded && unsentAt !== null && unsentAt < clock.nowMicros() - lateMicros) {
    const advice =
      "Check that the server in HOLDFAST_AUDIT_SYSLOG is running and reachable. No entry is lost in the meantime.";
    return warn("audit", `shard ${id}: nothing was sent to the syslog server since ${formatTime(unsentAt)}`, advice);
  }
  const verified = verifiedAt === null ? "never verified" : `verified at ${formatTime(verifiedAt)}`;
  return ok("audit", `shard ${id}: ${verified}`);
}
