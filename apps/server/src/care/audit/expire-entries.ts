import { sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { Shard } from "../../base/db/shards.ts";
import { type Link, sealAnchor } from "./chain.ts";

const rowsAtOnce = 5000;

export interface ExpireOptions {
  readonly key: Uint8Array;
  readonly beforeMicros: number;
  readonly signal: AbortSignal;
}

/**
 * Deletes in portions, each with a seal, after which the chain begins. Stops at the first entry that is kept.
 * @returns number of deleted entries
 */
export async function expireAuditEntries(shard: Shard, options: ExpireOptions): Promise<number> {
  let count = 0;
  while (!options.signal.aborted) {
    const gone = await expirePortion(shard, options);
    count += gone;
    if (gone < rowsAtOnce) break;
  }
  return count;
}

function expirePortion({ db }: Shard, { key, beforeMicros }: ExpireOptions): Promise<number> {
  return inTransaction(db, async (transaction) => {
    await sql`select from shard.audit_chain for update`.execute(transaction);
    const { rows } = await sql<Link & { at: number }>`
      select seq, hash, at from shard.audit_entries order by seq limit ${rowsAtOnce}`.execute(transaction);
    const young = rows.findIndex(({ at }) => at >= beforeMicros);
    const old = young === -1 ? rows : rows.slice(0, young);
    const last = old.at(-1);
    if (last === undefined) return 0;
    await sql`delete from shard.audit_entries where seq <= ${last.seq}`.execute(transaction);
    await sql`
      update shard.audit_chain
      set anchor_seq = ${last.seq}, anchor_hash = ${last.hash}, anchor_seal = ${sealAnchor(key, last)}`.execute(
      transaction,
    );
    return old.length;
  });
}
