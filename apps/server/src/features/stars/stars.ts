import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import type { NodePage } from "../../tree/read/list-folder.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import { fittingPage } from "../../tree/read/page-bytes.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";

/**
 * Does nothing if already starred.
 * @throws HoldfastError not_found, trashed, conflict if the account has too many stars
 */
export async function addStar(shards: Shards, clock: Clock, caller: Actor, id: string): Promise<void> {
  const { row, path } = await findNode(shards, caller, id);
  if (row.trashed_at !== null)
    throw new HoldfastError("trashed", `${path} is in the trash. Restore it first.`, { field: "id" });
  await inTransaction(shards.ofId(caller.userId).db, async (transaction) => {
    await lockStars(transaction, caller);
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from shard.stars
      where user_id = ${caller.userId} and (space_id, node_id) <> (${row.space_id}, ${row.id})`.execute(transaction);
    if ((rows[0]?.count ?? 0) >= limits.starsMax)
      throw new HoldfastError("conflict", `An account has at most ${limits.starsMax} stars. Remove some first.`);
    await sql`
      insert into shard.stars (user_id, space_id, node_id, at)
      values (${caller.userId}, ${row.space_id}, ${row.id}, ${clock.nowMicros()}) on conflict do nothing`.execute(
      transaction,
    );
  });
}

/** Does nothing without a star. @throws HoldfastError not_found */
export async function removeStar(shards: Shards, caller: Actor, id: string): Promise<void> {
  const { row } = await findNode(shards, caller, id);
  await removeStars(shards.ofId(caller.userId).db, caller, [{ space_id: row.space_id, node_id: row.id }]);
}

const starCursor = z.tuple([z.int(), z.string().refine(isId)]);

/**
 * Lists visible starred nodes, latest first. Omits nodes in the trash; removes stars of nodes that are no longer
 * visible.
 */
export async function listStarred(
  shards: Shards,
  caller: Actor,
  request: { limit?: number | undefined; cursor?: string | undefined },
): Promise<NodePage> {
  const limit = request.limit ?? limits.listItemsDefault;
  const after = request.cursor === undefined ? undefined : decodeCursor(starCursor, request.cursor);
  const { db } = shards.ofId(caller.userId);
  // Index: stars_newest.
  const { rows } = await sql<Star>`
    select space_id, node_id, at from shard.stars where user_id = ${caller.userId}
      ${after === undefined ? sql`` : sql`and at <= ${after[0]} and (at < ${after[0]} or node_id > ${after[1]})`}
    order by at desc, node_id limit ${limit + 1}`.execute(db);
  const asked = rows.slice(0, limit);
  const found = await findNodes(
    shards,
    caller,
    asked.map(({ node_id }) => node_id),
  );
  const placed = new Map(asked.map((star) => [star, seenBy(star, found)]));
  await removeStars(
    db,
    caller,
    asked.filter((star) => placed.get(star) === undefined),
  );
  const page = fittingPage(asked, (star) => placed.get(star));
  const last = page.at(-1);
  return {
    items: page.flatMap((star) => {
      const node = placed.get(star);
      return node === undefined || node.row.trashed_at !== null ? [] : [nodeJson(node, true)];
    }),
    next_cursor: rows.length > page.length && last !== undefined ? encodeCursor([last.at, last.node_id]) : null,
  };
}

interface Star {
  readonly space_id: SpaceId;
  readonly node_id: NodeId;
  readonly at: number;
}

function seenBy({ space_id, node_id }: Star, found: ReadonlyMap<NodeId, PlacedNode>): PlacedNode | undefined {
  const node = found.get(node_id);
  return node?.row.space_id === space_id ? node : undefined;
}

/** Without the lock, two concurrent requests could both pass the limit check. */
async function lockStars(transaction: Kysely<ShardTables>, { userId }: Actor): Promise<void> {
  await sql`select id from shard.users where id = ${userId} for no key update`.execute(transaction);
}

/** Index: primary key. */
async function removeStars(
  db: Kysely<ShardTables>,
  { userId }: Actor,
  stars: readonly Pick<Star, "space_id" | "node_id">[],
): Promise<void> {
  if (stars.length === 0) return;
  await sql`
    delete from shard.stars s
    using unnest(${uuidArray(stars.map(({ space_id }) => space_id))}, ${uuidArray(stars.map(({ node_id }) => node_id))})
      as gone (space_id, node_id)
    where s.user_id = ${userId} and s.space_id = gone.space_id and s.node_id = gone.node_id`.execute(db);
}
