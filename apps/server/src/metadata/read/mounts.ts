import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Shards } from "../../db/shards.ts";
import type { Actor, Mounts } from "../actor.ts";
import { findOwnNodes } from "./own-nodes.ts";

export const noMounts: Mounts = new Map();
const known = new WeakMap<Actor, Promise<Mounts>>();

/** The caller's live mounts: what shows folders of others in its own space. Looked for once for each request. By nodes_mounts. */
export function loadMounts(shards: Shards, caller: Actor): Promise<Mounts> {
  if (!caller.owns) return Promise.resolve(caller.mounts ?? noMounts);
  const before = known.get(caller);
  if (before !== undefined) return before;
  const loading = readMounts(shards, caller);
  known.set(caller, loading);
  return loading;
}

async function readMounts(shards: Shards, caller: Actor): Promise<Mounts> {
  const shard = shards.of(caller.bucket);
  const { rows } = await sql<{ id: NodeId; target: NodeId; target_space: SpaceId }>`
    select id, target, target_space from shard.nodes
    where space_id = ${caller.spaceId} and kind = 'mount' and target_space is not null and trashed_at is null`.execute(
    shard.db,
  );
  if (rows.length === 0) return noMounts;
  const placed = await findOwnNodes(
    shard,
    caller,
    rows.map(({ id }) => id),
  );
  return new Map(
    rows.flatMap(({ id, target, target_space: spaceId }) => {
      const node = placed.get(id);
      if (node === undefined || node.row.trashed_at !== null) return [];
      return [[`${spaceId} ${target}`, { id, spaceId, targetId: target, path: node.path }] as const];
    }),
  );
}
