import { bucketOf } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShreddingFigures } from "../../base/db/shredding-tables.ts";
import { isGiven } from "./measure-others.ts";
import type { ShreddingStore } from "./shreddings.ts";

/** `packs` counts packs with any block of the account, which mostly hold other blocks too. */
export async function measureAccount(
  { shards, cells }: ShreddingStore,
  { space_id: spaceId }: Pick<UserRow, "space_id">,
  nowMicros: number,
): Promise<ShreddingFigures> {
  const rows = await inTransaction(shards.ofId(spaceId).db, async (transaction) => {
    // Forces index scans, even if the space holds most rows.
    await sql`select set_config('enable_seqscan', 'off', true)`.execute(transaction);
    const counted = await sql<Omit<ShreddingFigures, "packs">>`
      select (select count(*) from shard.nodes where space_id = s.id and kind = 'file') as files,
        (select count(*) from shard.versions where space_id = s.id) as versions,
        s.stored_bytes as bytes,
        (select count(*) from shard.space_blocks where space_id = s.id) as blocks,
        (select count(distinct (kind, coalesce(grantee_id::text, email_key, id::text)))
          from shard.grants where ${isGiven(spaceId, nowMicros)}) as shared_with
      from shard.spaces s where s.id = ${spaceId}`.execute(transaction);
    return counted.rows;
  });
  const { rows: held } = await sql<{ packs: number }>`
    select count(distinct pack_id) as packs from cell.holders where space_id = ${spaceId}`.execute(
    cells.of(bucketOf(spaceId)).db,
  );
  return {
    ...(rows[0] ?? { files: 0, versions: 0, bytes: 0, blocks: 0, shared_with: 0 }),
    packs: held[0]?.packs ?? 0,
  };
}
