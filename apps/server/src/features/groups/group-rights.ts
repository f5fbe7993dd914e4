import { HoldfastError } from "@holdfast/core/errors";
import { type Bucket, type GroupId, isId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { GroupRole, GroupRow } from "../../base/db/group-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { readWaysUp } from "../../tree/rights/given-on.ts";
import { isLimiting } from "../../tree/rights/limiting-grants.ts";
import { readGrants } from "../../tree/rights/load-rights.ts";

export interface GroupCaller {
  readonly userId: UserId;
  readonly spaceId: SpaceId;
  readonly bucket: Bucket;
  /** Administrator with a credential for administration; manages every group. */
  readonly administrates: boolean;
  /** The token may be stolen. */
  readonly byToken?: boolean;
  readonly lacksProof?: boolean;
}

export interface SeenGroup extends GroupRow {
  /** Caller's role; null for an administrator who is not a member. */
  readonly role: GroupRole | null;
}

/** @throws HoldfastError not_found for an invalid id */
export function readGroupId(text: string): GroupId {
  if (isId(text)) return text as GroupId;
  throw noGroup();
}

/** @throws HoldfastError not_found for others than members and administrators, as for an unknown group */
export async function seeGroup(reader: ShardQueries, caller: GroupCaller, id: GroupId): Promise<SeenGroup> {
  const { rows } = await sql<SeenGroup>`
    select g.*, (select m.role from shard.group_members m where m.group_id = g.id and m.user_id = ${caller.userId}) as role
    from shard.groups g where g.id = ${id}`.execute(reader);
  const group = rows[0];
  if (group === undefined || (group.role === null && !caller.administrates)) throw noGroup();
  return group;
}

/** @throws HoldfastError forbidden for a member who is not a manager */
export function assertManages(caller: GroupCaller, { role }: Pick<SeenGroup, "role">): void {
  if (caller.administrates || role === "manager") return;
  throw new HoldfastError("forbidden", "Only a manager of this group or an administrator can do this.");
}

/**
 * Locks the group, to order its changes until the transaction ends.
 * @throws HoldfastError not_found, forbidden
 */
export async function lockManaged(transaction: ShardQueries, caller: GroupCaller, id: GroupId): Promise<SeenGroup> {
  await sql`select from shard.groups where id = ${id} for update`.execute(transaction);
  // A separate statement sees the changes of the previous lock holder.
  const group = await seeGroup(transaction, caller, id);
  assertManages(caller, group);
  return group;
}

/**
 * Managers cannot leave or delete a group whose permission limits their own rights, because their role would rise. Runs
 * before the transaction, because it reads other shards. Concurrent leaves only reduce the number of limiting grants.
 * @throws HoldfastError forbidden
 */
export async function assertNotLimitedBy(shards: Shards, caller: GroupCaller, id: GroupId): Promise<void> {
  if (caller.administrates) return;
  const { rows } = await sql<{ group_id: GroupId }>`
    select group_id from shard.memberships where user_id = ${caller.userId} and role is not null`.execute(
    shards.ofId(caller.userId).db,
  );
  const groupIds = new Set(rows.map(({ group_id: groupId }) => groupId));
  if (!groupIds.delete(id)) return;
  for (const { db } of shards.all()) {
    const grants = await readGrants(db, { grantees: [id], despiteSuspension: true });
    if (grants.length === 0) continue;
    const others = await readGrants(db, { grantees: [caller.userId, ...groupIds], despiteSuspension: true });
    const byNode = Map.groupBy(
      others.filter((other) => other.space_id !== caller.spaceId),
      (other) => other.node_id,
    );
    const wayUp = await readWaysUp(db, grants);
    if (grants.every((grant) => !isLimiting(grant, byNode, wayUp))) continue;
    const message =
      "This group limits your permissions in something that is shared with you. Only an administrator can remove you from it or delete it.";
    throw new HoldfastError("forbidden", message);
  }
}

function noGroup(): HoldfastError {
  return new HoldfastError("not_found", "There is no such group, or you are not in it.");
}
