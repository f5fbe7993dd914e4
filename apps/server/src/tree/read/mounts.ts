import type { NodeId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { keyed } from "../../base/db/database.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor, Mounts } from "../actor.ts";
import { foundColumn, type FoundRow, placeParts, placesOf } from "./lineages.ts";
import { placeOwn } from "./own-nodes.ts";

export const noMounts: Mounts = new Map();
const known = new WeakMap<Actor, Promise<Mounts>>();

/** Returns the caller's live mounts. Read once per request, in one statement. Index: nodes_mounts. */
export function loadMounts(shards: ReadShards, caller: Actor): Promise<Mounts> {
  if (!caller.owns) return Promise.resolve(caller.mounts ?? noMounts);
  const before = known.get(caller);
  if (before !== undefined) return before;
  const loading = readMounts(shards, caller);
  known.set(caller, loading);
  return loading;
}

async function readMounts(shards: ReadShards, { bucket, spaceId, rootId }: Actor): Promise<Mounts> {
  const wanted = sql`(
    select space_id, id from shard.nodes
    where space_id = ${spaceId} and kind = 'mount' and target_space is not null and trashed_at is null) as wanted`;
  const { rows } = await sql<FoundRow>`
    with recursive ${placeParts(wanted)} select ${foundColumn()} ${keyed}`.execute(shards.of(bucket).db);
  const places = placesOf(rows);
  if (places.asked.length === 0) return noMounts;
  return new Map(
    [...placeOwn(places, rootId).values()].flatMap(({ row, path }) => {
      const { id, target, target_space: of, trashed_at: trashedAt } = row;
      if (trashedAt !== null || of === null) return [];
      const targetId = target as NodeId;
      return [[`${of} ${targetId}`, { id, spaceId: of, targetId, path }] as const];
    }),
  );
}
