import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { joinPath, nameKey, splitPath } from "@holdfast/core/names";
import { sql } from "kysely";
import type { Actor, Mounts } from "../actor.ts";
import { textArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Act } from "../rights/roles.ts";
import { findGrantedNodes } from "./granted-nodes.ts";
import { loadMounts } from "./mounts.ts";
import { findOwnNodes } from "./own-nodes.ts";
import { childOf, isReadable, type PlacedNode } from "./placed-node.ts";

/** Resolves `root` or an id for this caller. Returns undefined for other text. */
export function readNodeId(caller: Actor, text: string): NodeId | undefined {
  if (text === "root") return caller.rootId;
  return isId(text) ? (text as NodeId) : undefined;
}

export function noSuchNode(): HoldfastError {
  return new HoldfastError("not_found", "There is no such file or folder, or you may not see it.");
}

/** Finds a node in the caller's own space or shared with it, also in the trash. @throws HoldfastError not_found */
export async function findNode(shards: ReadShards, caller: Actor, id: string, act: Act = "read"): Promise<PlacedNode> {
  const nodeId = readNodeId(caller, id);
  const found = nodeId === undefined ? undefined : (await findNodes(shards, caller, [nodeId], act)).get(nodeId);
  if (found === undefined) throw noSuchNode();
  return found;
}

/** Returns the nodes that the caller may see, with their places. Nodes of the own space take precedence. */
export async function findNodes(
  shards: ReadShards,
  caller: Actor,
  ids: readonly NodeId[],
  act: Act = "read",
): Promise<Map<NodeId, PlacedNode>> {
  const own = caller.owns ? ids.filter((id) => bucketOf(id) === caller.bucket) : [];
  const found = await findOwnNodes(shards.of(caller.bucket), caller, own);
  const others = ids.filter((id) => !found.has(id));
  if (others.length > 0) {
    for (const [id, node] of await findGrantedNodes(shards, caller, others, act)) found.set(id, node);
  }
  return withMountRoles(shards, caller, found);
}

/** Sets the roles of mounts to those of their folders. A mount whose folder is not visible can only be removed. */
async function withMountRoles(
  shards: ReadShards,
  caller: Actor,
  nodes: Map<NodeId, PlacedNode>,
): Promise<Map<NodeId, PlacedNode>> {
  const mounts = [...nodes.values()].filter(({ row }) => row.kind === "mount");
  for (const [id, node] of await withRoles(shards, caller, mounts)) nodes.set(id, node);
  return nodes;
}

/** Returns the same nodes, with the roles of mounts set to those of their folders. */
export async function showMounts(
  shards: ReadShards,
  caller: Actor,
  nodes: readonly PlacedNode[],
): Promise<readonly PlacedNode[]> {
  const mounts = nodes.filter(({ row }) => row.kind === "mount");
  if (mounts.length === 0) return nodes;
  const shown = await withRoles(shards, caller, mounts);
  return nodes.map((node) => shown.get(node.row.id) ?? node);
}

async function withRoles(
  shards: ReadShards,
  caller: Actor,
  mounts: readonly PlacedNode[],
): Promise<Map<NodeId, PlacedNode>> {
  if (mounts.length === 0) return new Map();
  const targets = await findGrantedNodes(
    shards,
    caller,
    mounts.map(({ row }) => row.target as NodeId),
  );
  return new Map(
    mounts.map((mount) => {
      const target = targets.get(mount.row.target as NodeId);
      return [mount.row.id, { ...mount, role: target?.role ?? "viewer", waits: target === undefined }] as const;
    }),
  );
}

/**
 * Returns the folder that a mount shows, under the mount's path. Returns any other node unchanged.
 * @throws HoldfastError not_found
 */
export async function followMount(shards: ReadShards, caller: Actor, node: PlacedNode): Promise<PlacedNode> {
  if (node.row.kind !== "mount" || node.rights !== undefined) return node;
  const target = (await findGrantedNodes(shards, caller, [node.row.target as NodeId])).get(node.row.target as NodeId);
  if (target === undefined || target.row.space_id !== node.row.target_space) throw noSuchNode();
  return { ...target, path: node.path };
}

export async function actIn(shards: ReadShards, caller: Actor, { row, rights }: PlacedNode): Promise<Actor> {
  if (rights === undefined || !caller.owns) return caller;
  return actorIn(caller, row.space_id, await loadMounts(shards, caller));
}

/** Like `actIn`, but without a look-up. `rootId` is not in that space. */
export function actorIn(caller: Actor, spaceId: SpaceId, mounts: Mounts): Actor {
  return { ...caller, bucket: bucketOf(spaceId), spaceId, owns: false, mounts };
}

/** Finds a live node by path from the caller's root, through mounts. @throws HoldfastError not_found, invalid_field */
export async function findNodeByPath(
  shards: ReadShards,
  caller: Actor,
  path: string,
  under = "root",
): Promise<PlacedNode> {
  const names = splitPath(path);
  let at = await findNode(shards, caller, under);
  let passed = 0;
  for (;;) {
    const steps = await readSteps(shards, at.row.space_id, at.row.id, names.slice(passed));
    for (const row of steps) {
      at = childOf(at, row);
      if (!isReadable(at)) throw noSuchPath(names.slice(0, passed + 1));
      passed += 1;
    }
    if (passed === names.length) return (await showMounts(shards, caller, [at]))[0] ?? at;
    const folder = await followMount(shards, caller, at);
    if (folder === at) throw noSuchPath(names.slice(0, passed + 1));
    at = folder;
  }
}

function noSuchPath(names: readonly string[]): HoldfastError {
  return new HoldfastError("not_found", `There is no ${joinPath(names)}.`, { field: "path" });
}

/** Stops at the first missing name. Index: nodes_live_name, one step per name. */
async function readSteps(
  shards: ReadShards,
  spaceId: SpaceId,
  folderId: NodeId,
  names: readonly string[],
): Promise<NodeRow[]> {
  if (names.length === 0) return [];
  const { rows } = await sql<NodeRow & { depth: number }>`
    with recursive walk as (
      select n.*, 0 as depth from shard.nodes n where n.space_id = ${spaceId} and n.id = ${folderId}
      union all
      select n.*, w.depth + 1 from walk w
      join shard.nodes n on n.space_id = w.space_id and n.parent_id = w.id
        and n.name_key = (${textArray(names.map(nameKey))})[w.depth + 1] and n.trashed_at is null
    )
    select * from walk where depth > 0 order by depth`.execute(shards.ofId(spaceId).db);
  return rows;
}
