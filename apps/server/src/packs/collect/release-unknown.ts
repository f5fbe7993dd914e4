import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import { byteaArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { lostPackId } from "../format/pack-format.ts";
import { type ReleasedHolder, releaseHolders } from "../index/release-holders.ts";

export interface UnknownHolderPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly log: BlockLog;
  readonly signal?: AbortSignal | undefined;
}

interface HolderRow extends ReleasedHolder {
  readonly spaceId: SpaceId;
}

/**
 * Releases holders that their space does not know, left by a store that ended between its rows in the cell and on the
 * shard. Releases nothing for a space that is missing on its shard, because the bucket mapping may be wrong. Shredded
 * spaces are still known.
 * @param before microseconds since 1970; later holders may belong to a running store
 * @returns number of released holders
 */
export async function releaseUnknown(
  { cell, shards, log, signal }: UnknownHolderPorts,
  { before, nowMicros }: { readonly before: number; readonly nowMicros: number },
): Promise<number> {
  if (!(await isIndexComplete(cell.db))) return 0;
  let count = 0;
  let last: Pick<HolderRow, "spaceId" | "hash"> = { spaceId: lostPackId as string as SpaceId, hash: Buffer.alloc(0) };
  for (;;) {
    assertWanted(signal);
    const rows = await nextHolders(cell.db, last);
    for (const [spaceId, held] of bySpace(rows.filter(({ stamp }) => stamp < before))) {
      const unknown = await unknownTo(shards, spaceId, held);
      if (unknown === undefined)
        log.warn({ space_id: spaceId }, "blocks are kept for a space that its shard does not have");
      else await releaseHolders(cell, spaceId, unknown, nowMicros);
      count += unknown?.length ?? 0;
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < holdersAtOnce) return count;
    last = end;
  }
}

const holdersAtOnce = 2000;

/** Index: holders_space. */
async function nextHolders(db: Kysely<CellTables>, last: Pick<HolderRow, "spaceId" | "hash">): Promise<HolderRow[]> {
  const { rows } = await sql<HolderRow>`
    select space_id as "spaceId", hash, stamp from cell.holders
    where (space_id, hash) > (${last.spaceId}::uuid, ${last.hash}) order by space_id, hash limit ${holdersAtOnce}`.execute(
    db,
  );
  return rows;
}

function bySpace(rows: readonly HolderRow[]): Map<SpaceId, HolderRow[]> {
  const groups = new Map<SpaceId, HolderRow[]>();
  for (const row of rows) groups.set(row.spaceId, [...(groups.get(row.spaceId) ?? []), row]);
  return groups;
}

/** @returns undefined if the space does not exist */
async function unknownTo(
  shards: Shards,
  spaceId: SpaceId,
  held: readonly HolderRow[],
): Promise<HolderRow[] | undefined> {
  const { db } = shards.ofId(spaceId);
  const { rows: spaces } = await sql`
    select from shard.spaces where id = ${spaceId} union all select from shard.shreddings where space_id = ${spaceId}`.execute(
    db,
  );
  if (spaces.length === 0) return undefined;
  const { rows } = await sql<{ hash: HashHex }>`
    select encode(hash, 'hex') as hash from shard.space_blocks
    where space_id = ${spaceId} and hash = any(${byteaArray(held.map(({ hash }) => hash))})`.execute(db);
  const known = new Set<string>(rows.map(({ hash }) => hash));
  return held.filter(({ hash }) => !known.has(hash.toString("hex")));
}
