import type { GrantId, GroupId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { removeAccessRules } from "../accounts/proof/change-access-rules.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { readWaysUp } from "../../tree/rights/given-on.ts";
import { changeRights, type GrantAt, removeGrants, serverOf } from "../sharing/change-rights.ts";
import { endLapsed } from "../sharing/end-given-on.ts";
import { mountIfWanted } from "../sharing/deliver.ts";
import { findActor, reviewMounts } from "../sharing/mounts.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import { deliverMembership, deliverToAll, forgetMembers, memberPages } from "./deliver-membership.ts";

export async function followMembership(world: SharingWorld, groupId: GroupId, userId: UserId): Promise<void> {
  await deliverMembership(world, groupId, userId);
  const received = await receivedBy(world, groupId);
  for (const spaceId of await spacesSharedWith(world, groupId)) {
    // Ends shares that the member granted by the group's rights, or by another group's that now count less.
    await endLapsed(world, spaceId);
    await notifyMember(world, { groupId, spaceId, userId });
  }
  for (const spaceId of new Set(received.map((each) => each.spaceId))) await reviewMounts(world, userId, spaceId);
  for (const { nodeId } of received) await mountIfWanted(world, userId, nodeId);
}

interface Received {
  readonly spaceId: SpaceId;
  readonly nodeId: NodeId;
}

/** Index: primary key. */
async function receivedBy({ shards }: SharingWorld, groupId: GroupId): Promise<Received[]> {
  const { rows } = await sql<{ space_id: SpaceId; node_id: NodeId }>`
    select space_id, node_id from shard.received where grantee_id = ${groupId}`.execute(shards.ofId(groupId).db);
  return rows.map(({ space_id: spaceId, node_id: nodeId }) => ({ spaceId, nodeId }));
}

/** Removes members' mounts, then shares, then the list of members, so that a retry after a crash finds everything. */
export async function followEnd(world: SharingWorld, groupId: GroupId): Promise<void> {
  await deliverToAll(world, groupId);
  const spaceIds = await spacesSharedWith(world, groupId);
  for await (const userIds of memberPages(world.shards, groupId)) {
    for (const userId of userIds) {
      for (const spaceId of spaceIds) {
        await reviewMounts(world, userId, spaceId);
        await notifyMember(world, { groupId, spaceId, userId });
      }
    }
  }
  for (const spaceId of spaceIds) await endGrants(world, groupId, spaceId);
  await removeAccessRules(world.shards, groupId);
  await forgetMembers(world, groupId);
}

/** Searches all shards. Index: grants_grantee. */
async function spacesSharedWith({ shards }: SharingWorld, groupId: GroupId): Promise<SpaceId[]> {
  const found = await Promise.all(
    shards
      .all()
      .map(({ db }) =>
        sql<{ space_id: SpaceId }>`select distinct space_id from shard.grants where grantee_id = ${groupId}`.execute(
          db,
        ),
      ),
  );
  return found.flatMap(({ rows }) => rows.map((row) => row.space_id));
}

interface Membership {
  readonly groupId: GroupId;
  readonly spaceId: SpaceId;
  readonly userId: UserId;
}

/**
 * Notifies devices of a current or former member of the group's grants inside mounted folders, where the member's role
 * has changed. Mounts report the folders themselves.
 */
async function notifyMember(world: SharingWorld, { groupId, spaceId, userId }: Membership): Promise<void> {
  const { shards } = world;
  const actor = await findActor(shards, userId);
  const mounts = actor === undefined ? [] : [...(await loadMounts(shards, actor)).values()];
  const targets = new Set(mounts.flatMap((mount) => (mount.spaceId === spaceId ? [mount.targetId] : [])));
  if (targets.size === 0) return;
  const { db } = shards.ofId(spaceId);
  const { rows } = await sql<GrantAt & Pick<GrantRow, "space_id">>`
    select space_id, node_id, grantee_id, role from shard.grants
    where grantee_id = ${groupId} and space_id = ${spaceId}`.execute(db);
  const wayUp = await readWaysUp(db, rows);
  const inMounts = rows.filter(({ node_id: id }) => wayUp(spaceId, id).some((at) => at !== id && targets.has(at)));
  if (inMounts.length === 0) return;
  await changeRights(world, spaceId, serverOf(spaceId), async ({ notifyDevices }) => {
    // A grant that hid an item from the member may have changed.
    for (const at of inMounts) notifyDevices({ ...at, grantee_id: userId, wasUploader: true });
  });
}

async function endGrants(world: SharingWorld, groupId: GroupId, spaceId: SpaceId): Promise<void> {
  // The user who deleted the group may not see these items.
  await changeRights(world, spaceId, serverOf(spaceId), async (rights) => {
    const { rows } = await sql<{ id: GrantId }>`
      select id from shard.grants where grantee_id = ${groupId} and space_id = ${spaceId}`.execute(rights.transaction);
    await removeGrants(
      rights,
      rows.map((row) => row.id),
    );
  });
}
