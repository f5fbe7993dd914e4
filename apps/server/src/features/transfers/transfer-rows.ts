import type { NodeId, SpaceId, TransferId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { ArrivalRow, TransferRow } from "../../base/db/transfer-tables.ts";

/** Index: transfers_id. */
export async function readTransfer(db: ShardQueries, id: TransferId): Promise<TransferRow | undefined> {
  const { rows } = await sql<TransferRow>`select * from shard.transfers where id = ${id}`.execute(db);
  return rows[0];
}

/** Makes room for the node's next offer. Index: transfers_node. */
export async function deleteEnded(
  db: ShardQueries,
  { space_id: spaceId, node_id: nodeId }: TransferRow,
  endedBeforeMicros: number,
): Promise<void> {
  await sql`
    delete from shard.transfers
    where space_id = ${spaceId} and node_id = ${nodeId} and accepted_at is null and created_at < ${endedBeforeMicros}`.execute(
    db,
  );
}

/** Index: transfers_node. @returns the node's existing transfer, or else this one */
export async function insertTransfer(db: ShardQueries, row: TransferRow): Promise<TransferRow> {
  const { rows } = await sql<TransferRow>`
    with made as (
      insert into shard.transfers (space_id, id, node_id, from_id, to_id, created_at)
      values (${row.space_id}, ${row.id}, ${row.node_id}, ${row.from_id}, ${row.to_id}, ${row.created_at})
      on conflict do nothing returning *
    )
    select * from made union all
    select * from shard.transfers where space_id = ${row.space_id} and node_id = ${row.node_id}`.execute(db);
  return rows[0] ?? row;
}

/** Prevents later withdrawals. @returns undefined if already withdrawn */
export async function markAccepted(
  db: ShardQueries,
  id: TransferId,
  nowMicros: number,
): Promise<TransferRow | undefined> {
  const { rows } = await sql<TransferRow>`
    update shard.transfers set accepted_at = coalesce(accepted_at, ${nowMicros}::int8) where id = ${id} returning *`.execute(
    db,
  );
  return rows[0];
}

export async function unmarkAccepted(db: ShardQueries, id: TransferId): Promise<void> {
  await sql`update shard.transfers set accepted_at = null where id = ${id}`.execute(db);
}

/** @returns true if it existed and was not accepted */
export async function deleteWaiting(db: ShardQueries, id: TransferId): Promise<boolean> {
  const { rows } = await sql`
    delete from shard.transfers where id = ${id} and accepted_at is null returning id`.execute(db);
  return rows.length > 0;
}

/** Running and waiting transfers, oldest first, on all shards. Indexes: transfers_to, primary key. */
export async function listTransferRows(
  shards: Shards,
  { userId, spaceId }: { readonly userId: UserId; readonly spaceId: SpaceId },
  {
    after,
    limit,
    endedBeforeMicros,
  }: { readonly after: TransferId | null; readonly limit: number; readonly endedBeforeMicros: number },
): Promise<TransferRow[]> {
  const found: TransferRow[] = [];
  const isListed = sql`(${after}::uuid is null or id > ${after}::uuid)
    and (accepted_at is not null or created_at >= ${endedBeforeMicros})`;
  for (const { db } of shards.all()) {
    const { rows } = await sql<TransferRow>`
      (select * from shard.transfers where space_id = ${spaceId} and ${isListed} order by id limit ${limit})
      union all
      (select * from shard.transfers where to_id = ${userId} and ${isListed} order by id limit ${limit})`.execute(db);
    found.push(...rows);
  }
  return found.toSorted((left, right) => (left.id < right.id ? -1 : 1)).slice(0, limit);
}

/**
 * Index: primary key.
 * @param lock until the end of the transaction
 */
export async function readArrival(
  db: ShardQueries,
  { spaceId, id, lock = false }: { readonly spaceId: SpaceId; readonly id: TransferId; readonly lock?: boolean },
): Promise<ArrivalRow | undefined> {
  const { rows } = await sql<ArrivalRow>`
    select * from shard.arrivals where space_id = ${spaceId} and id = ${id} ${lock ? sql`for update` : sql``}`.execute(
    db,
  );
  return rows[0];
}

/** @returns true if it is the transfer's first */
export async function insertArrival(db: ShardQueries, row: ArrivalRow): Promise<boolean> {
  const { rows } = await sql`
    insert into shard.arrivals (space_id, id, job, user_id, from_id, from_space, from_node, created_at)
    values (${row.space_id}, ${row.id}, ${row.job}, ${row.user_id}, ${row.from_id}, ${row.from_space}, ${row.from_node},
      ${row.created_at}) on conflict do nothing returning id`.execute(db);
  return rows.length > 0;
}

export async function noteArrived(
  db: ShardQueries,
  { space_id: spaceId, id }: ArrivalRow,
  { topId, result }: { readonly topId: NodeId; readonly result: string },
): Promise<void> {
  await sql`
    update shard.arrivals set top_id = ${topId}, result = ${result} where space_id = ${spaceId} and id = ${id}`.execute(
    db,
  );
}
