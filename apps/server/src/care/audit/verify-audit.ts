import type { Clock } from "@holdfast/core/clock";
import type { AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import { sql } from "kysely";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { Link } from "./chain.ts";
import { verifyChain } from "./verify-chain.ts";

/** Entry known from outside the database. */
export interface Witness {
  readonly chain: string;
  readonly seq: number;
  /** In hex. */
  readonly hash: string;
}

export interface VerifyAuditOptions {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly key: Uint8Array;
  readonly witnesses: readonly Witness[];
}

export async function verifyAudit({
  shards,
  clock,
  key,
  witnesses,
}: VerifyAuditOptions): Promise<AuditVerificationJson> {
  const chains: AuditVerificationJson["chains"] = [];
  for (const shard of shards.all()) {
    const own = witnesses.filter(({ chain }) => chain === shard.id).map(linkOf);
    const { head, ...verdict } = await verifyChain(shard, key, own);
    const ok = verdict.problem === null;
    await noteVerdict(shard, ok, clock.nowMicros());
    chains.push({ chain: shard.id, ok, ...verdict, head: { seq: head.seq, hash: head.hash.toString("hex") } });
  }
  const times = chains.flatMap(({ from, to }) => [from, to]).filter((time) => time !== null);
  return {
    ok: chains.every(({ ok }) => ok),
    entries: chains.reduce((sum, { entries }) => sum + entries, 0),
    from: times.toSorted()[0] ?? null,
    to: times.toSorted().at(-1) ?? null,
    chains,
  };
}

function linkOf({ seq, hash }: Witness): Link {
  return { seq, hash: Buffer.from(hash, "hex") };
}

async function noteVerdict({ db }: Shard, ok: boolean, nowMicros: number): Promise<void> {
  await sql`update shard.audit_chain set verified_at = ${nowMicros}, verified_ok = ${ok}`.execute(db);
}
