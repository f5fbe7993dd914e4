import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import type { NodeRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import type { OperationBase, Place } from "../metadata/commit/operation.ts";
import { findNode, findNodes } from "../metadata/read/look-up.ts";
import { readLineages } from "../metadata/read/lineages.ts";
import { loadMounts } from "../metadata/read/mounts.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";
import type { SharingWorld } from "./sharing-world.ts";

export interface NewMount {
  readonly nodeId: string;
  readonly place: Place;
  readonly base?: Pick<OperationBase, "operationId" | "requestHash" | "onConflict">;
}

/** @throws HoldfastError not_found, invalid_field, conflict, exists */
export async function mountFolder(world: SharingWorld, caller: Actor, mount: NewMount): Promise<NodeJson> {
  const { nodeId, place, base = {} } = mount;
  const { row, rights, role } = await findNode(world.shards, caller, nodeId);
  const refuse = (message: string) => new HoldfastError("invalid_field", message, { field: "node_id" });
  if (rights === undefined) throw refuse("This is your own. Only what others share with you is mounted.");
  if (row.kind !== "folder") throw refuse("Only a folder is mounted.");
  if (role === "uploader")
    throw refuse("You may put something in here, and see nothing of it: there is nothing to show.");
  if (row.trashed_at !== null) throw refuse("This folder is in the trash.");
  if (place.parentId !== undefined) assertOwn(await findNode(world.shards, caller, place.parentId));
  await assertApart(world.shards, caller, row);
  const operation = { ...base, op: "mount" as const, place, target: row.id, targetSpace: row.space_id };
  const { results } = await world.committer.commit(caller, [operation]);
  const result = results[0];
  if (result?.status === "conflict" || result?.status === "error") throw result.error;
  if (result?.status !== "committed" || result.node === undefined) {
    throw new HoldfastError("internal", "A mount answered no node.");
  }
  return { ...result.node, role };
}

/** @throws HoldfastError invalid_field: in a folder of somebody else it would be that one's */
function assertOwn({ row, rights }: PlacedNode): void {
  if (rights === undefined && row.kind !== "mount") return;
  throw new HoldfastError("invalid_field", "A mount stands in your own space. Name a folder there.", {
    field: "parent_id",
  });
}

/** A folder is in view once. @throws HoldfastError conflict */
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
    const how = target.id === targetId ? "shows this folder already" : "shows a folder around or inside this one";
    throw new HoldfastError("conflict", `The mount ${path} ${how}.`, { field: "node_id" });
  }
}

/**
 * Looks at all mounts that an account has of a space: those whose folder it may not see any more go for good; of others its devices are
 * told to look again. While the owner, or who gave it on, is suspended they wait; once that one is back all in them is listed anew, since
 * nothing of it was told.
 */
export async function reviewMounts(
  world: SharingWorld,
  userId: UserId,
  spaceId: SpaceId,
  { isBack = false }: { readonly isBack?: boolean } = {},
): Promise<void> {
  const actor = await findActor(world.shards, userId);
  if (actor === undefined) return;
  const all = [...(await loadMounts(world.shards, actor)).values()].filter((mount) => mount.spaceId === spaceId);
  if (all.length === 0) return;
  const targets = all.map(({ targetId }) => targetId);
  const isShown = (target: PlacedNode | undefined) =>
    target !== undefined && target.row.trashed_at === null && target.row.space_id === spaceId;
  const seen = await findNodes(world.shards, actor, targets);
  const waiting = targets.filter((id) => !isShown(seen.get(id)));
  const due = await findNodes(world.shards, { ...actor, despiteSuspension: true }, waiting);
  const operations = all.map(({ id, targetId }) => {
    const isHere = isShown(seen.get(targetId));
    if (!isHere && !isShown(due.get(targetId))) return { op: "delete" as const, fileId: id };
    return { op: "touch" as const, fileId: id, appeared: isBack && isHere };
  });
  await world.committer.commit(actor, operations);
}

/** An account as the server itself acts for it: no device, no session. */
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
