import { sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";
import type { Witness } from "./verify-audit.ts";

/** True if the entry exists or has expired. Entries of a removed chain are not checked. */
export async function isThere(shards: Shards, { chain, seq, hash }: Witness): Promise<boolean> {
  const shard = shards.all().find(({ id }) => id === chain);
  if (shard === undefined) return true;
  const { rows } = await sql`
    select 1 from shard.audit_entries where seq = ${seq} and hash = ${Buffer.from(hash, "hex")}
    union all select 1 from shard.audit_chain where anchor_seq >= ${seq}`.execute(shard.db);
  return rows.length > 0;
}
