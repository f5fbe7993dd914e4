import type { GroupId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { int8Array, textArray, uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GroupRole, GroupRow } from "../../base/db/group-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { afterTheEnd, deliverMembership } from "../../features/groups/deliver-membership.ts";
import { enqueueEnd, enqueueMembership } from "../../features/groups/group-messages.ts";
import { beyond, copyKind, type CopiesWorld, portionRows, scan } from "./copy-kind.ts";
import { isMessageStored } from "./is-message-stored.ts";

interface Pair {
  readonly group_id: GroupId;
  readonly user_id: UserId;
}

interface Copy {
  readonly role: GroupRole | null;
  readonly change: number | null;
  readonly plan: string | null;
  /** The account exists. */
  readonly exists: boolean;
}

/** `memberships` on the accounts' shards are copies of `group_members` on the groups' shards. */
export const repairMemberships = copyKind(findDifferences, repair);

async function* findDifferences({ shards }: CopiesWorld): AsyncGenerator<Pair> {
  for await (const { rows, other } of scan<Pair>(shards, {
    read: (after) => sql`
      select m.group_id, m.user_id from shard.group_members m join shard.groups g on g.id = m.group_id
      where ${beyond(after, (row) => sql`(m.group_id, m.user_id) > (${row.group_id}::uuid, ${row.user_id}::uuid)`)}
      order by m.group_id, m.user_id limit ${portionRows}`,
    placeOf: (row) => shards.ofId(row.group_id),
    otherPlaceOf: (row) => shards.ofId(row.user_id),
  })) {
    const without = await sql<Pair>`
      select told.* from unnest(${uuidArray(rows.map((row) => row.group_id))}, ${uuidArray(rows.map((row) => row.user_id))})
        as told (group_id, user_id)
      where not exists (
        select from shard.memberships m where m.user_id = told.user_id and m.group_id = told.group_id)`.execute(
      other.db,
    );
    yield* without.rows;
  }
  yield* findOutdated(shards);
}

/** A group whose count of changes is too low would not reach its members. */
async function* findOutdated(shards: Shards): AsyncGenerator<Pair> {
  for await (const { rows, other } of scan<Pair & Omit<Copy, "exists"> & { readonly change: number }>(shards, {
    read: (after) => sql`
      select user_id, group_id, role, change, plan from shard.memberships
      where ${beyond(after, (row) => sql`(user_id, group_id) > (${row.user_id}::uuid, ${row.group_id}::uuid)`)}
      order by user_id, group_id limit ${portionRows}`,
    placeOf: (row) => shards.ofId(row.user_id),
    otherPlaceOf: (row) => shards.ofId(row.group_id),
  })) {
    const outdated = await sql<Pair>`
      select told.user_id, told.group_id from unnest(
        ${uuidArray(rows.map((row) => row.user_id))}, ${uuidArray(rows.map((row) => row.group_id))},
        ${textArray(rows.map((row) => row.role))}, ${int8Array(rows.map((row) => row.change))},
        ${textArray(rows.map((row) => row.plan))}) as told (user_id, group_id, role, change, plan)
      left join shard.groups g on g.id = told.group_id
      left join shard.group_members m on m.group_id = g.id and m.user_id = told.user_id
      where told.role is distinct from m.role or told.change > g.changes
        or (m.role is not null and told.plan is distinct from g.plan)`.execute(other.db);
    yield* outdated.rows;
  }
}

async function repair(world: CopiesWorld, pair: Pair): Promise<boolean> {
  const { shards, queue } = world;
  const shard = shards.ofId(pair.group_id);
  const differs = await inTransaction(shard.db, (transaction) => settle(shards, transaction, pair));
  if (!differs) return false;
  await deliverMembership(world, pair.group_id, pair.user_id);
  queue.kick(shard);
  return true;
}

/** Holds the group's lock, like each change of its members. @returns true if the message about the member was stored */
async function settle(shards: Shards, transaction: ShardQueries, pair: Pair): Promise<boolean> {
  const { group_id: groupId, user_id: userId } = pair;
  const { rows } = await sql<Pick<GroupRow, "changes" | "plan">>`
    select changes, plan from shard.groups where id = ${groupId} for update`.execute(transaction);
  const [group] = rows;
  // Read before the copy, because a message is deleted after its delivery.
  const isTold = await isMessageStored(transaction, "group_membership", `${groupId} ${userId}`);
  const copy = await readCopy(shards, pair);
  if (group === undefined) {
    if (copy.role !== null) await enqueueMembership(transaction, groupId, userId);
    return copy.role !== null;
  }
  if (copy.change === afterTheEnd) {
    // The group's shard lost the group's deletion.
    await sql`delete from shard.groups where id = ${groupId}`.execute(transaction);
    await enqueueEnd(transaction, groupId);
    return true;
  }
  const before = await readRole(transaction, pair);
  const role = decideRole(before, copy, { changes: group.changes, isTold });
  const plan = role === null ? copy.plan : group.plan;
  const isSame = before === role && copy.role === role && copy.plan === plan && (copy.change ?? 0) <= group.changes;
  if (isSame) return false;
  await writeRole(transaction, pair, { before, role, changes: Math.max(group.changes, copy.change ?? 0) + 1 });
  await enqueueMembership(transaction, groupId, userId);
  return true;
}

/** In doubt, the lower role: a removal counts even if only one shard still knows it. */
function decideRole(
  role: GroupRole | null,
  copy: Copy,
  { changes, isTold }: { readonly changes: number; readonly isTold: boolean },
): GroupRole | null {
  if (role === null || !copy.exists) return null;
  if (copy.change === null) return role;
  if (copy.role === null) return isTold && copy.change < changes ? role : null;
  return copy.change > changes && copy.role === "member" ? "member" : role;
}

async function readRole(transaction: ShardQueries, { group_id, user_id }: Pair): Promise<GroupRole | null> {
  const { rows } = await sql<{ role: GroupRole }>`
    select role from shard.group_members where group_id = ${group_id} and user_id = ${user_id}`.execute(transaction);
  return rows[0]?.role ?? null;
}

async function readCopy(shards: Shards, { group_id, user_id }: Pair): Promise<Copy> {
  const { rows } = await sql<Copy>`
    select m.role, m.change, m.plan, u.id is not null as exists from (values (${user_id}::uuid)) as asked (id)
    left join shard.users u on u.id = asked.id
    left join shard.memberships m on m.user_id = asked.id and m.group_id = ${group_id}`.execute(
    shards.ofId(user_id).db,
  );
  return rows[0] as Copy;
}

interface Decided {
  readonly before: GroupRole | null;
  readonly role: GroupRole | null;
  readonly changes: number;
}

async function writeRole(
  transaction: ShardQueries,
  { group_id, user_id }: Pair,
  { before, role, changes }: Decided,
): Promise<void> {
  if (role === null)
    await sql`delete from shard.group_members where group_id = ${group_id} and user_id = ${user_id}`.execute(
      transaction,
    );
  else
    await sql`update shard.group_members set role = ${role} where group_id = ${group_id} and user_id = ${user_id}`.execute(
      transaction,
    );
  const left = before !== null && role === null ? 1 : 0;
  await sql`update shard.groups set changes = ${changes}, member_count = member_count - ${left}::int4
    where id = ${group_id}`.execute(transaction);
}
