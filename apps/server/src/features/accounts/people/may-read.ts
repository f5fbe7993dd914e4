import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type GroupId, type NodeId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import type { Actor } from "../../../tree/actor.ts";
import { findNode } from "../../../tree/read/look-up.ts";
import type { PlacedNode } from "../../../tree/read/placed-node.ts";

/**
 * Finds a node that a user may read, to mention or notify them. Makes the same look-ups for every user.
 * @returns undefined for a user who may not read the node, is suspended or does not exist
 */
export async function findReadable(shards: Shards, userId: UserId, nodeId: NodeId): Promise<PlacedNode | undefined> {
  const actor = await readActor(shards, userId);
  try {
    const node = await findNode(shards, actor ?? actorOf({ ...nobody, id: userId }), nodeId);
    return actor === undefined ? undefined : node;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "not_found") return undefined;
    throw error;
  }
}

type UserSight = Pick<UserRow, "id" | "space_id" | "root_id"> & {
  readonly receives: boolean;
  readonly group_ids: readonly GroupId[];
};

/** @returns undefined for a suspended or unknown user */
export async function readActor(shards: Shards, userId: UserId): Promise<Actor | undefined> {
  const { rows } = await sql<UserSight>`
    select u.id, u.space_id, u.root_id, exists (select from shard.received where grantee_id = u.id) as receives,
      array(select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null) as group_ids
    from shard.users u where u.id = ${userId} and u.disabled_at is null`.execute(shards.ofId(userId).db);
  return rows[0] === undefined ? undefined : actorOf(rows[0]);
}

function actorOf({ id, space_id, root_id, receives, group_ids }: UserSight): Actor {
  return {
    userId: id,
    deviceId: null,
    bucket: bucketOf(id),
    spaceId: space_id,
    rootId: root_id,
    owns: true,
    grantees: [id, ...group_ids],
    receives: receives || group_ids.length > 0,
  };
}

const nowhere = "00000000-0000-8000-8000-000000000000" as never;
const nobody = { space_id: nowhere, root_id: nowhere, receives: false, group_ids: [] };
