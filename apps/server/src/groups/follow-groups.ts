import type { GrantId, GroupId, NodeId, SpaceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { changeRights, removeGrants } from "../sharing/change-rights.ts";
import { mountIfWanted } from "../sharing/deliver.ts";
import { reviewMounts } from "../sharing/mounts.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";
import { deliverEnd, deliverMembership, forgetMembers, memberPages } from "./deliver-membership.ts";

/** A member came, went, or has another role: its shard knows, and its mounts are what they may be. */
export async function followMembership(world: SharingWorld, groupId: GroupId, userId: UserId): Promise<void> {
  await deliverMembership(world, groupId, userId);
  const received = await receivedBy(world, groupId);
  if (!(await isMember(world, groupId, userId))) await endGiven(world, groupId, userId);
  for (const spaceId of new Set(received.map((each) => each.spaceId))) await reviewMounts(world, userId, spaceId);
  for (const { nodeId } of received) await mountIfWanted(world, userId, nodeId);
}

/** By the primary key. */
async function isMember({ shards }: SharingWorld, groupId: GroupId, userId: UserId): Promise<boolean> {
  const { rows } = await sql`
    select from shard.group_members where group_id = ${groupId} and user_id = ${userId}`.execute(
    shards.ofId(groupId).db,
  );
  return rows.length > 0;
}

/** Ends what somebody has given to others by the right of a group that they have left. */
async function endGiven(world: SharingWorld, groupId: GroupId, userId: UserId): Promise<void> {
  for (const spaceId of await spacesSharedWith(world, groupId)) {
    await changeRights(world, spaceId, { userId, deviceId: null }, async (rights) => {
      const { rows } = await sql<{ id: GrantId }>`
        select g.id from shard.grants g join shard.grants v on v.space_id = g.space_id and v.id = g.via
        where g.space_id = ${spaceId} and g.created_by = ${userId} and v.grantee_id = ${groupId}`.execute(
        rights.transaction,
      );
      await removeGrants(
        rights,
        rows.map((row) => row.id),
      );
    });
  }
}

interface Received {
  readonly spaceId: SpaceId;
  readonly nodeId: NodeId;
}

/** What was shared with the group. By the primary key. */
async function receivedBy({ shards }: SharingWorld, groupId: GroupId): Promise<Received[]> {
  const { rows } = await sql<{ space_id: SpaceId; node_id: NodeId }>`
    select space_id, node_id from shard.received where grantee_id = ${groupId}`.execute(shards.ofId(groupId).db);
  return rows.map(({ space_id: spaceId, node_id: nodeId }) => ({ spaceId, nodeId }));
}

/**
 * Ends what a deleted group had: its members' mounts, then what was shared with it, and then nobody needs to know who they were. In this
 * order, so that whoever goes on after a crash still finds whom and what it is about.
 */
export async function followEnd(world: SharingWorld, groupId: GroupId): Promise<void> {
  await deliverEnd(world, groupId);
  const spaceIds = await spacesSharedWith(world, groupId);
  for await (const userIds of memberPages(world.shards, groupId)) {
    for (const userId of userIds) for (const spaceId of spaceIds) await reviewMounts(world, userId, spaceId);
  }
  for (const spaceId of spaceIds) await endGrants(world, groupId, spaceId);
  await forgetMembers(world, groupId);
}

/** On all shards, by grants_grantee. */
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

async function endGrants(world: SharingWorld, groupId: GroupId, spaceId: SpaceId): Promise<void> {
  // Nobody in particular: whoever deleted the group may be told of nothing here.
  const server = { userId: spaceId as unknown as UserId, deviceId: null };
  await changeRights(world, spaceId, server, async (rights) => {
    const { rows } = await sql<{ id: GrantId }>`
      select id from shard.grants where grantee_id = ${groupId} and space_id = ${spaceId}`.execute(rights.transaction);
    await removeGrants(
      rights,
      rows.map((row) => row.id),
    );
  });
}
