import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { Retention } from "./retention-job.ts";

/**
 * Returns how many nodes `expireTrash` and `sweepPurged` would remove: purged nodes, nodes trashed long enough ago, and
 * everything below.
 */
export async function countDueNodes(job: Retention, trashMs: number): Promise<number> {
  const due = { before: job.nowMicros - trashMs * 1000, now: job.nowMicros };
  const old = await countBelow(job, due, { column: "trashed_at", upTo: due.before - 1, isPurged: false });
  return old + (await countBelow(job, due, { column: "purged_at", upTo: due.now, isPurged: true }));
}

interface Due {
  readonly before: number;
  readonly now: number;
}

interface Tops {
  readonly column: "trashed_at" | "purged_at";
  readonly upTo: number;
  readonly isPurged: boolean;
}

const topsMax = 1000;
const firstId = "00000000-0000-0000-0000-000000000000";

/** Index: nodes_trash_age or nodes_purged. */
async function countBelow(job: Retention, due: Due, { column, upTo, isPurged }: Tops): Promise<number> {
  const at = sql.ref(column);
  let count = 0;
  let last = { at: -1, id: firstId };
  for (let read = topsMax; read === topsMax;) {
    job.signal?.throwIfAborted();
    const { rows } = await sql<{ space_id: SpaceId; id: NodeId; at: number }>`
      select space_id, id, ${at} as at from shard.nodes
      where ${isPurged ? sql`purged_at is not null` : sql`trashed_at is not null and purged_at is null`} and ${at} <= ${upTo}
        and (${at}, id) > (${last.at}::int8, ${last.id}::uuid)
      order by ${at}, id limit ${topsMax}`.execute(job.db);
    for (const [spaceId, tops] of Map.groupBy(rows, (row) => row.space_id)) {
      const ids = tops.map(({ id }) => id);
      count += await countTrees(job, spaceId, ids, due);
    }
    read = rows.length;
    last = rows.at(-1) ?? last;
  }
  return count;
}

/** Counts each node with everything below, except nodes that are due themselves. Index: nodes_parent. */
async function countTrees(
  { db }: Retention,
  spaceId: SpaceId,
  ids: readonly NodeId[],
  { before, now }: Due,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    with recursive below (id) as (
      select id from unnest(${uuidArray(ids)}) as top (id)
      union all
      select child.id from below cross join lateral (
        select n.id from shard.nodes n where n.space_id = ${spaceId} and n.parent_id = below.id
          and not coalesce(n.purged_at <= ${now}, n.trashed_at < ${before}, false) offset 0
      ) child
    ) select count(*) as count from below`.execute(db);
  return rows[0]?.count ?? 0;
}
