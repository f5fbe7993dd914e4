import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { JournalRow, NodeRow, ShardTables } from "../../base/db/shard-tables.ts";
import { readLineages } from "../../tree/read/lineages.ts";

export interface Watched {
  readonly userId: UserId;
  /** Watched node: the entry's own, or a current or former ancestor. */
  readonly nodeId: NodeId;
  readonly entry: JournalRow;
}

type Watch = { readonly user_id: UserId; readonly node_id: NodeId };

/**
 * Finds watchers of entries of one space. Each watcher gets one result per entry, with the nearest watched node.
 * Indexes: primary keys.
 */
export async function findWatched(
  db: Kysely<ShardTables>,
  spaceId: SpaceId,
  entries: readonly JournalRow[],
): Promise<Watched[]> {
  const ids = new Set(entries.flatMap(placesOf));
  const rows = await readLineages<Pick<NodeRow, "id" | "parent_id">>({ db }, spaceId, [...ids], sql`id, parent_id`);
  const parents = new Map(rows.map((row) => [row.id, row.parent_id]));
  const byNode = await readWatches(db, spaceId, [...parents.keys()]);
  return entries.flatMap((entry) =>
    nearestOf(byNode, wayUp(parents, placesOf(entry)))
      .filter(({ userId }) => userId !== entry.actor)
      .map(({ userId, nodeId }) => ({ userId, nodeId, entry })),
  );
}

async function readWatches(
  db: Kysely<ShardTables>,
  spaceId: SpaceId,
  ids: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, Watch[]>> {
  const { rows } = await sql<Watch>`
    select user_id, node_id from shard.watches where space_id = ${spaceId} and node_id = any(${uuidArray(ids)})`.execute(
    db,
  );
  return Map.groupBy(rows, (watch) => watch.node_id);
}

function nearestOf(byNode: ReadonlyMap<NodeId, readonly Watch[]>, way: Iterable<NodeId>) {
  const nearest = new Map<UserId, NodeId>();
  for (const nodeId of way) {
    for (const { user_id } of byNode.get(nodeId) ?? []) if (!nearest.has(user_id)) nearest.set(user_id, nodeId);
  }
  return [...nearest].map(([userId, nodeId]) => ({ userId, nodeId }));
}

function placesOf({ node_id, from_parent }: JournalRow): NodeId[] {
  return from_parent === null ? [node_id] : [node_id, from_parent];
}

function wayUp(parents: ReadonlyMap<NodeId, NodeId | null>, from: readonly NodeId[]): Set<NodeId> {
  const way = new Set<NodeId>();
  for (const start of from) {
    for (let id: NodeId | null = start; id !== null && !way.has(id); id = parents.get(id) ?? null) way.add(id);
  }
  return way;
}

/**
 * Finds watchers of a node or its ancestors. Each gets one result, with the nearest watched node. Indexes: primary
 * keys.
 */
export async function findWatchersOf(
  db: Kysely<ShardTables>,
  spaceId: SpaceId,
  id: NodeId,
): Promise<Pick<Watched, "userId" | "nodeId">[]> {
  const rows = await readLineages<Pick<NodeRow, "id" | "parent_id">>({ db }, spaceId, [id], sql`id, parent_id`);
  const parents = new Map(rows.map((row) => [row.id, row.parent_id]));
  const byNode = await readWatches(db, spaceId, [...parents.keys()]);
  return nearestOf(byNode, wayUp(parents, [id]));
}
