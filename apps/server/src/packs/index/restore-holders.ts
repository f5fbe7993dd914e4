import { bucketOf, type SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { byteaArray, int8Array, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockCells } from "../cells/open-block-cells.ts";
import { lostPackId } from "../format/pack-format.ts";

interface StoredRow {
  readonly space_id: SpaceId;
  readonly hash: Buffer;
  readonly size: number;
  readonly stamp: number;
}

/**
 * Adds missing holders for all rows of a shard's spaces to their cells, so that stored blocks are not deleted.
 * @param assertMayGoOn called before each page is stored
 * @returns number of rows
 */
export async function restoreHolders(
  cells: BlockCells,
  shard: Shard,
  nowMicros: number,
  assertMayGoOn: () => void | Promise<void>,
): Promise<number> {
  let count = 0;
  let last: Pick<StoredRow, "space_id" | "hash"> = { space_id: lostPackId as string as SpaceId, hash: Buffer.alloc(0) };
  for (;;) {
    const { rows } = await sql<StoredRow>`
      select space_id, hash, size, stamp from shard.space_blocks where (space_id, hash) > (${last.space_id}::uuid, ${last.hash})
      order by space_id, hash limit ${pageRows}`.execute(shard.db);
    await assertMayGoOn();
    for (const [cell, held] of byCell(cells, rows)) {
      await insertHolders(cell.db, await withoutHolder(cell.db, held));
      await noteLost(cell.db, held, nowMicros);
    }
    count += rows.length;
    const end = rows.at(-1);
    if (end === undefined || rows.length < pageRows) return count;
    last = end;
  }
}

const pageRows = 5000;

function byCell(cells: BlockCells, rows: readonly StoredRow[]): Map<BlockCell, StoredRow[]> {
  const groups = new Map<BlockCell, StoredRow[]>();
  for (const row of rows) {
    const cell = cells.of(bucketOf(row.space_id));
    const known = groups.get(cell);
    if (known === undefined) groups.set(cell, [row]);
    else known.push(row);
  }
  return groups;
}

/** Returns rows whose holder is missing or older. Inserting all rows would lock all holders. */
async function withoutHolder(db: Kysely<CellTables>, rows: readonly StoredRow[]): Promise<StoredRow[]> {
  const { rows: missing } = await sql<{ index: number }>`
    select index - 1 as index from unnest(
      ${byteaArray(rows.map(({ hash }) => hash))}, ${uuidArray(rows.map(({ space_id }) => space_id))},
      ${int8Array(rows.map(({ stamp }) => stamp))}
    ) with ordinality as given (hash, space_id, stamp, index)
    where not exists (select from cell.holders as known
      where known.hash = given.hash and known.space_id = given.space_id and known.stamp >= given.stamp)`.execute(db);
  return missing.map(({ index }) => rows[index]).filter((row) => row !== undefined);
}

async function insertHolders(db: Kysely<CellTables>, rows: readonly StoredRow[]): Promise<void> {
  if (rows.length === 0) return;
  const sorted = rows.toSorted((left, right) => Buffer.compare(left.hash, right.hash));
  await sql`
    insert into cell.holders as known (hash, space_id, stamp)
    select hash, space_id, stamp from unnest(
      ${byteaArray(sorted.map(({ hash }) => hash))}, ${uuidArray(sorted.map(({ space_id }) => space_id))},
      ${int8Array(sorted.map(({ stamp }) => stamp))}
    ) as given (hash, space_id, stamp)
    on conflict (hash, space_id) do update set stamp = excluded.stamp where known.stamp < excluded.stamp`.execute(db);
}

/**
 * Marks blocks that a space has stored but no pack contains as damaged. A scrub then reports them, and clients can
 * repair them.
 */
async function noteLost(db: Kysely<CellTables>, rows: readonly StoredRow[], now: number): Promise<void> {
  await sql`
    with lost as (
      insert into cell.blocks (hash, pack_id, record_index, "offset", stored_size, size, codec, state, damaged_at)
      select distinct on (hash) hash, ${lostPackId}::uuid, 0, 0, 0, size, 'raw', 'damaged', ${now}::int8
      from unnest(${byteaArray(rows.map(({ hash }) => hash))}, ${int8Array(rows.map(({ size }) => size))}) as given (hash, size)
      where not exists (select from cell.blocks as known where known.hash = given.hash)
      on conflict do nothing
      returning hash
    )
    insert into cell.packs (id, epoch, size, live_bytes, state, created_at)
    select ${lostPackId}::uuid, (select min(epoch) from cell.data_keys), 0, 0, 'unreadable', ${now}::int8
    where exists (select from lost)
    on conflict (id) do update set state = 'unreadable', emptied_at = null`.execute(db);
}
