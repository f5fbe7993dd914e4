import type { NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Shards } from "../../base/db/shards.ts";
import { enqueue } from "../../base/queue/enqueue.ts";
import { correctMounter, readMounter } from "../../features/sharing/mounters.ts";
import { findActor } from "../../features/sharing/mounts.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { beyond, copyKind, type CopiesWorld, portionRows, scan } from "./copy-kind.ts";

interface Pair {
  readonly userId: UserId;
  readonly spaceId: SpaceId;
}

/** `mounters` on the folders' shards points to mounts, which are nodes on the accounts' shards. */
export const repairMounts = copyKind(findPairs, repair);

interface Mount {
  readonly id: string;
  readonly own_space: SpaceId;
  readonly space_id: SpaceId;
  readonly node_id: NodeId;
  readonly user_id: UserId;
}

async function* findPairs({ shards }: CopiesWorld): AsyncGenerator<Pair> {
  const seen = new Set<string>();
  for await (const { user_id: userId, space_id: spaceId } of findRows(shards)) {
    const pair = `${userId} ${spaceId}`;
    // Mounts in trashed folders do not count.
    if (!seen.has(pair) && (await differs(shards, { userId, spaceId }))) yield { userId, spaceId };
    seen.add(pair);
  }
}

async function* findRows(shards: Shards): AsyncGenerator<Pick<Mount, "user_id" | "space_id">> {
  const byFolder = (row: Pick<Mount, "space_id">) => shards.ofId(row.space_id);
  const byUser = (row: Pick<Mount, "user_id">) => shards.ofId(row.user_id);
  for await (const { rows, other } of scan<Mount>(shards, {
    // Index: nodes_mounts.
    read: (after) => sql`
      select n.id, n.space_id as own_space, n.target_space as space_id, n.target::uuid as node_id, s.owner_id as user_id
      from shard.nodes n join shard.spaces s on s.id = n.space_id
      where n.kind = 'mount' and n.target_space is not null and n.trashed_at is null
        and ${beyond(after, (row) => sql`(n.space_id, n.id) > (${row.own_space}::uuid, ${row.id}::uuid)`)}
      order by n.space_id, n.id limit ${portionRows}`,
    placeOf: byUser,
    otherPlaceOf: byFolder,
  })) {
    const without = await sql<Mount>`
      select told.* from ${toldOf(rows)} where not exists (
        select from shard.mounters m
        where m.space_id = told.space_id and m.node_id = told.node_id and m.user_id = told.user_id)`.execute(other.db);
    yield* without.rows;
  }
  for await (const { rows, other } of scan<Omit<Mount, "id" | "own_space">>(shards, {
    read: (after) => sql`
      select space_id, node_id, user_id from shard.mounters
      where ${beyond(
        after,
        (row) =>
          sql`(space_id, node_id, user_id) > (${row.space_id}::uuid, ${row.node_id}::uuid, ${row.user_id}::uuid)`,
      )}
      order by space_id, node_id, user_id limit ${portionRows}`,
    placeOf: byFolder,
    otherPlaceOf: byUser,
  })) {
    const without = await sql<Mount>`
      select told.* from ${toldOf(rows)} where not exists (
        select from shard.users u join shard.nodes n on n.space_id = u.space_id
        where u.id = told.user_id and n.kind = 'mount' and n.trashed_at is null
          and n.target_space = told.space_id and n.target = told.node_id::text)`.execute(other.db);
    yield* without.rows;
  }
}

function toldOf(rows: readonly Omit<Mount, "id" | "own_space">[]) {
  return sql`unnest(${uuidArray(rows.map((row) => row.space_id))}, ${uuidArray(rows.map((row) => row.node_id))},
    ${uuidArray(rows.map((row) => row.user_id))}) as told (space_id, node_id, user_id)`;
}

async function differs(shards: Shards, { userId, spaceId }: Pair): Promise<boolean> {
  const remembered = await readMounter(shards, { userId, spaceId });
  const actor = await findActor(shards, userId);
  const mounts = actor === undefined ? [] : [...(await loadMounts(shards, actor)).values()];
  const mounted = new Set(mounts.filter((mount) => mount.spaceId === spaceId).map(({ targetId }) => targetId));
  return mounted.symmetricDifference(new Set(remembered.keys())).size > 0;
}

/** The review also removes mounts of folders that the account cannot see. */
async function repair({ shards, queue }: CopiesWorld, { userId, spaceId }: Pair): Promise<boolean> {
  const shard = shards.ofId(userId);
  if ((await findActor(shards, userId)) === undefined) {
    await correctMounter(shards, { userId, spaceId, nodeIds: [] }, await readMounter(shards, { userId, spaceId }));
    return true;
  }
  const message = { kind: "mounts_review", key: `${userId} ${spaceId}`, payload: { userId, spaceId } };
  await inTransaction(shard.db, (transaction) => enqueue(transaction, message));
  queue.kick(shard);
  return true;
}
