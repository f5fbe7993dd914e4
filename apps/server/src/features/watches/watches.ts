import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { inTransaction } from "../../base/db/database.ts";
import type { NodeId } from "@holdfast/core/ids";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { lockSpace } from "../../tree/commit/load.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import { findNode, followMount } from "../../tree/read/look-up.ts";

/**
 * Reports whether the caller watches the node, and a folder above it. Indexes: primary keys.
 * @throws HoldfastError not_found, forbidden
 */
export async function readWatch(
  shards: Shards,
  caller: Actor,
  id: string,
): Promise<{ watched: boolean; folder_watched: boolean }> {
  const { space_id: spaceId, id: nodeId } = await findWatchable(shards, caller, id);
  const { db } = shards.ofId(spaceId);
  const lineage = await readLineages<{ id: NodeId }>({ db }, spaceId, [nodeId], sql`id, parent_id`);
  const ids = lineage.map((row) => row.id);
  const { rows } = await sql<{ node_id: NodeId }>`
    select node_id from shard.watches
    where space_id = ${spaceId} and user_id = ${caller.userId} and node_id = any(${uuidArray(ids)})`.execute(db);
  return {
    watched: rows.some(({ node_id }) => node_id === nodeId),
    folder_watched: rows.some(({ node_id }) => node_id !== nodeId),
  };
}

/** A mount never changes itself, so its folder is watched. */
async function findWatchable(shards: Shards, caller: Actor, id: string): Promise<NodeRow> {
  return (await followMount(shards, caller, await findNode(shards, caller, id))).row;
}

/**
 * Notifies the caller of others' changes of the node and its descendants. Watches are stored with the node. In a space
 * with watches, `watched_seq` is the last reported journal entry.
 * @throws HoldfastError not_found, forbidden, conflict if the caller has too many watches in the space
 */
export async function watch(shards: Shards, caller: Actor, id: string): Promise<void> {
  const { space_id: spaceId, id: nodeId } = await findWatchable(shards, caller, id);
  const { userId } = caller;
  await inTransaction(shards.ofId(spaceId).db, async (transaction) => {
    await lockSpace(transaction, spaceId);
    const { rows } = await sql<{ watched: number; here: boolean }>`
      select count(*)::int as watched, coalesce(bool_or(node_id = ${nodeId}), false) as here from shard.watches
      where space_id = ${spaceId} and user_id = ${userId}`.execute(transaction);
    if (rows[0]?.here === true) return;
    if ((rows[0]?.watched ?? 0) >= limits.watchesMax) {
      const message = `You already watch ${limits.watchesMax} files and folders of this owner. Watch a parent folder instead.`;
      throw new HoldfastError("conflict", message);
    }
    await sql`insert into shard.watches (space_id, user_id, node_id) values (${spaceId}, ${userId}, ${nodeId})`.execute(
      transaction,
    );
    await sql`update shard.spaces set watched_seq = seq where id = ${spaceId} and watched_seq is null`.execute(
      transaction,
    );
  });
}

/** Does nothing without a watch. @throws HoldfastError not_found, forbidden */
export async function unwatch(shards: Shards, caller: Actor, id: string): Promise<void> {
  const { space_id: spaceId, id: nodeId } = await findWatchable(shards, caller, id);
  await inTransaction(shards.ofId(spaceId).db, async (transaction) => {
    await lockSpace(transaction, spaceId);
    await sql`
      delete from shard.watches
      where space_id = ${spaceId} and user_id = ${caller.userId} and node_id = ${nodeId}`.execute(transaction);
    await sql`
      update shard.spaces s set watched_seq = null
      where id = ${spaceId} and not exists (select from shard.watches w where w.space_id = s.id)`.execute(transaction);
  });
}
