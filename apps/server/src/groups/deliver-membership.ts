import type { Clock } from "@holdfast/core/clock";
import type { GroupId, UserId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { int8Array, textArray, uuidArray } from "../db/array-parameters.ts";
import type { GroupRole } from "../db/group-tables.ts";
import type { ShardTables } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";

export interface DeliveryWorld {
  readonly shards: Shards;
  readonly clock: Clock;
}

interface Told {
  readonly userId: UserId;
  readonly role: GroupRole | null;
  readonly change: number;
}

/** More than any group has changes: what is told of a group that is no more stands for good. */
const afterTheEnd = Number.MAX_SAFE_INTEGER;
const pageRows = 1000;

/**
 * Tells the member's shard what the group's shard says of the membership now. It may run twice, late, and beside itself: what was
 * read earlier carries a lower number, and never takes the place of what was read later.
 */
export async function deliverMembership(world: DeliveryWorld, groupId: GroupId, userId: UserId): Promise<void> {
  const told = await readMembership(world.shards.ofId(groupId).db, groupId, userId);
  await tell(world.shards.ofId(userId).db, groupId, [told], world.clock.nowMicros());
}

async function readMembership(db: Kysely<ShardTables>, groupId: GroupId, userId: UserId): Promise<Told> {
  // One statement, so that number and role are of one moment. By primary keys.
  const { rows } = await sql<{ changes: number; role: GroupRole | null }>`
    select g.changes, m.role from shard.groups g
    left join shard.group_members m on m.group_id = g.id and m.user_id = ${userId}
    where g.id = ${groupId}`.execute(db);
  const row = rows[0];
  return { userId, role: row?.role ?? null, change: row?.changes ?? afterTheEnd };
}

/** Tells all who were members of a group that was deleted. May run twice, until `forgetMembers`. */
export async function deliverEnd(world: DeliveryWorld, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(world.shards, groupId)) {
    for (const [shard, ids] of Map.groupBy(userIds, (id) => world.shards.ofId(id))) {
      const told = ids.map((userId) => ({ userId, role: null, change: afterTheEnd }));
      await tell(shard.db, groupId, told, world.clock.nowMicros());
    }
  }
}

/** Once nothing is to be done for them any more. */
export async function forgetMembers({ shards }: Pick<DeliveryWorld, "shards">, groupId: GroupId): Promise<void> {
  for await (const userIds of memberPages(shards, groupId)) {
    await sql`
      delete from shard.group_members where group_id = ${groupId} and user_id = any(${uuidArray(userIds)})`.execute(
      shards.ofId(groupId).db,
    );
  }
}

/** Everybody who is in the group, or was when it was deleted, a thousand at a time. */
export async function* memberPages(shards: Shards, groupId: GroupId): AsyncGenerator<UserId[]> {
  let after: UserId | null = null;
  do {
    const { rows }: { rows: { user_id: UserId }[] } = await sql<{ user_id: UserId }>`
      select user_id from shard.group_members
      where group_id = ${groupId} and (${after}::uuid is null or user_id > ${after}::uuid)
      order by user_id limit ${pageRows}`.execute(shards.ofId(groupId).db);
    if (rows.length > 0) yield rows.map((row) => row.user_id);
    after = rows.length < pageRows ? null : (rows.at(-1)?.user_id ?? null);
  } while (after !== null);
}

/** Who is no member keeps a row for a while (`expireCredentials`): without it what was read before the end could arrive after it, and stay. */
async function tell(db: Kysely<ShardTables>, groupId: GroupId, all: readonly Told[], nowMicros: number): Promise<void> {
  const users = uuidArray(all.map(({ userId }) => userId));
  const roles = textArray(all.map(({ role }) => role));
  const changes = int8Array(all.map(({ change }) => change));
  await sql`
    insert into shard.memberships as known (user_id, group_id, role, change, changed_at)
    select told.user_id, ${groupId}, told.role, told.change, ${nowMicros}
    from unnest(${users}, ${roles}, ${changes}) as told (user_id, role, change) order by told.user_id
    on conflict (user_id, group_id) do update
    set role = excluded.role, change = excluded.change, changed_at = excluded.changed_at
    where known.change < excluded.change`.execute(db);
}
