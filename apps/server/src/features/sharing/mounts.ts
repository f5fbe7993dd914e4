import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { answerOnce, repeatableBy } from "../../tree/commit/do-once.ts";
import type { OperationBase, Place } from "../../tree/commit/operation.ts";
import { findNode, findNodes, noSuchNode } from "../../tree/read/look-up.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { correctMounter, readMounter, rememberMounter } from "./mounters.ts";
import type { SharingWorld } from "./sharing-world.ts";

export interface NewMount {
  readonly nodeId: string;
  /** Default: the folder's name. */
  readonly place: Place;
  readonly base?: Pick<OperationBase, "operationId" | "requestHash" | "onConflict">;
}

/**
 * A repeated request with the same key gets the same answer.
 * @throws HoldfastError not_found, invalid_field, conflict, exists
 */
export async function mountFolder(world: SharingWorld, caller: Actor, mount: NewMount): Promise<NodeJson> {
  const once = repeatableBy(caller, mount.base ?? {}, world.clock.nowMicros());
  const { node, role } = await answerOnce<{ node: NodeJson; role?: NodeJson["role"] }>(
    world.shards.of(caller.bucket).db,
    once,
    () => makeMount(world, caller, mount),
  );
  return { ...node, role: role ?? (await roleAt(world.shards, caller, node)) };
}

/** Role at an existing mount, since the committer stores the node as seen in the caller's own space. */
async function roleAt(shards: Shards, caller: Actor, { target, role }: NodeJson): Promise<NodeJson["role"]> {
  if (target === undefined || !isId(target)) return role;
  return (await findNodes(shards, caller, [target as NodeId])).get(target as NodeId)?.role ?? role;
}

async function makeMount(
  world: SharingWorld,
  caller: Actor,
  mount: NewMount,
): Promise<{ node: NodeJson; role: NodeJson["role"] }> {
  const { nodeId, base = {} } = mount;
  const { row, rights, role } = await findNode(world.shards, caller, nodeId);
  const refuse = (message: string) => new HoldfastError("invalid_field", message, { field: "node_id" });
  if (rights === undefined)
    throw refuse("This is your own folder. Only folders that others share with you can be mounted.");
  if (row.kind !== "folder") throw refuse("Only folders can be mounted.");
  if (role === "uploader")
    throw refuse("You can only add files to this folder and not see them, so it cannot be mounted.");
  if (row.trashed_at !== null) throw refuse("This folder is in the trash.");
  const { parentId } = mount.place;
  if (parentId !== undefined) assertOwn(await findNode(world.shards, caller, parentId));
  await assertApart(world.shards, caller, row);
  const place = { name: row.name, ...mount.place };
  const operation = { ...base, op: "mount" as const, place, target: row.id, targetSpace: row.space_id };
  const mounted = { spaceId: row.space_id, userId: caller.userId, nodeIds: [row.id] };
  // Recorded first, so that the owner's shard knows every mount. A concurrent review may remove the record.
  await rememberMounter(world.shards, mounted);
  const { results } = await world.committer.commit(caller, [operation]);
  const result = results[0];
  if (result?.status !== "committed") await forgetUnlessMounted(world, caller, row.space_id);
  if (result?.status === "conflict" || result?.status === "error") throw result.error;
  if (result?.status !== "committed" || result.node === undefined) {
    throw new HoldfastError("internal", "A mount returned no node.");
  }
  await rememberMounter(world.shards, mounted);
  await assertStillShown(world, caller, row, result.node.id as NodeId);
  return { node: result.node, role };
}

/** A rejected mount leaves no record in the other space. */
async function forgetUnlessMounted(world: SharingWorld, caller: Actor, spaceId: SpaceId): Promise<void> {
  const { userId } = caller;
  const remembered = await readMounter(world.shards, { userId, spaceId });
  // The copied caller has no cached mounts.
  const mounts = [...(await loadMounts(world.shards, { ...caller })).values()];
  const nodeIds = mounts.filter((mount) => mount.spaceId === spaceId).map(({ targetId }) => targetId);
  await correctMounter(world.shards, { userId, spaceId, nodeIds }, remembered);
}

/** Deletes the mount if its folder went meanwhile. @throws HoldfastError not_found */
async function assertStillShown(world: SharingWorld, caller: Actor, target: NodeRow, mountId: NodeId): Promise<void> {
  // The copied caller has no cached mounts.
  const found = (await findNodes(world.shards, { ...caller }, [target.id])).get(target.id);
  if (isShown(found, target.space_id)) return;
  await world.committer.commit(caller, [{ op: "delete", fileId: mountId }]);
  throw noSuchNode();
}

function isShown(target: PlacedNode | undefined, spaceId: SpaceId): boolean {
  return target !== undefined && target.row.trashed_at === null && target.row.space_id === spaceId;
}

/** @throws HoldfastError invalid_field: a mount in another user's folder would belong to that user */
function assertOwn({ row, rights }: PlacedNode): void {
  if (rights === undefined && row.kind !== "mount") return;
  throw new HoldfastError("invalid_field", "A mount must be in your own space. Choose a folder there.", {
    field: "parent_id",
  });
}

/** A folder may be visible only once. @throws HoldfastError conflict */
async function assertApart(shards: Shards, caller: Actor, target: NodeRow): Promise<void> {
  const others = [...(await loadMounts(shards, caller)).values()].filter(({ spaceId }) => spaceId === target.space_id);
  if (others.length === 0) return;
  type Row = Pick<NodeRow, "id" | "parent_id">;
  const shard = shards.ofId(target.space_id);
  const ids = [target.id, ...others.map(({ targetId }) => targetId)];
  const rows = await readLineages<Row>(shard, target.space_id, ids, sql`id, parent_id`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const isWithin = (id: NodeId, above: NodeId): boolean => {
    for (let at: NodeId | null = id; at !== null; at = byId.get(at)?.parent_id ?? null) if (at === above) return true;
    return false;
  };
  for (const { targetId, path } of others) {
    if (!isWithin(target.id, targetId) && !isWithin(targetId, target.id)) continue;
    const message =
      target.id === targetId
        ? `This folder is already mounted at ${path}.`
        : `The mount ${path} shows a folder around or inside this one.`;
    throw new HoldfastError("conflict", message, { field: "node_id" });
  }
}

/**
 * Removes mounts of invisible folders and makes devices check the others. While the owner or giver is suspended, mounts
 * stay; afterwards their content is listed again, because its changes were not reported.
 * @param hasChangedRights false if no right changed, so that devices need no check
 */
export async function reviewMounts(
  world: SharingWorld,
  userId: UserId,
  spaceId: SpaceId,
  { isBack = false, hasChangedRights = true }: { readonly isBack?: boolean; readonly hasChangedRights?: boolean } = {},
): Promise<void> {
  const actor = await findActor(world.shards, userId);
  if (actor === undefined) return;
  const remembered = await readMounter(world.shards, { userId, spaceId });
  const all = [...(await loadMounts(world.shards, actor)).values()].filter((mount) => mount.spaceId === spaceId);
  if (all.length === 0) return correctMounter(world.shards, { userId, spaceId, nodeIds: [] }, remembered);
  const targets = all.map(({ targetId }) => targetId);
  const seen = await findNodes(world.shards, actor, targets);
  const waiting = targets.filter((id) => !isShown(seen.get(id), spaceId));
  const due = await findNodes(world.shards, { ...actor, despiteSuspension: true }, waiting);
  const staying = targets.filter((id) => isShown(seen.get(id), spaceId) || isShown(due.get(id), spaceId));
  const affected = hasChangedRights ? all : all.filter(({ targetId }) => !staying.includes(targetId));
  const operations = affected.map(({ id, targetId }) => {
    const isHere = isShown(seen.get(targetId), spaceId);
    if (!staying.includes(targetId)) return { op: "delete" as const, fileId: id };
    return { op: "touch" as const, fileId: id, appeared: isBack && isHere };
  });
  if (operations.length > 0) await world.committer.commit(actor, operations);
  await correctMounter(world.shards, { userId, spaceId, nodeIds: staying }, remembered);
}

/** Account for actions of the server itself, without device and session. */
export async function findActor(shards: Shards, userId: UserId): Promise<Actor | undefined> {
  const { rows } = await sql<{ space_id: SpaceId; root_id: NodeId; group_ids: string[] }>`
    select u.space_id, u.root_id, array(
      select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null) as group_ids
    from shard.users u where u.id = ${userId}`.execute(shards.ofId(userId).db);
  const [row] = rows;
  if (row === undefined) return undefined;
  const { space_id: spaceId, root_id: rootId, group_ids: groupIds } = row;
  const home = { bucket: bucketOf(userId), spaceId, rootId, owns: true };
  return { userId, deviceId: null, ...home, grantees: [userId, ...groupIds], receives: true };
}
