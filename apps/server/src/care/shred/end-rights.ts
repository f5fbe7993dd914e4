import type { GrantId, GroupId, SpaceId } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf } from "@holdfast/core/ids";
import { sql } from "kysely";
import { emailKey } from "../../features/accounts/context/email-address.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import { removeMember } from "../../features/groups/change-members.ts";
import { changeRights, removeGrants, serverOf } from "../../features/sharing/change-rights.ts";
import type { ShredWorld } from "./shred-world.ts";

const grantsAtOnce = 200;

/**
 * Shares by and with the account end like normal removals, so that devices, mounts and lists are updated. The messages
 * must finish before their rows are removed.
 */
export async function endRights(
  world: ShredWorld,
  row: ShreddingRow,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (;;) {
    const given = await findGiven(world, row);
    if (given.length === 0) break;
    await endGrants(world, row.space_id, given);
  }
  for (const [spaceId, ids] of await findReceived(world, row)) await endGrants(world, spaceId, ids);
  await leaveGroups(world, row);
  await deleteOffersTo(world, row);
  return awaitMessages(world, row, signal);
}

async function endGrants(world: ShredWorld, spaceId: SpaceId, ids: readonly GrantId[]): Promise<void> {
  await changeRights(
    world.sharing(),
    spaceId,
    serverOf(spaceId),
    async (rights) => void (await removeGrants(rights, ids)),
  );
}

/** Index: primary key. */
async function findGiven({ shards }: ShredWorld, { space_id: spaceId }: ShreddingRow): Promise<GrantId[]> {
  const { rows } = await sql<{ id: GrantId }>`
    select id from shard.grants where space_id = ${spaceId} order by id limit ${grantsAtOnce}`.execute(
    shards.ofId(spaceId).db,
  );
  return rows.map(({ id }) => id);
}

/** Grants from others to the account or its address. Indexes: grants_grantee, grants_email. */
async function findReceived({ shards }: ShredWorld, row: ShreddingRow): Promise<Map<SpaceId, GrantId[]>> {
  const found = new Map<SpaceId, GrantId[]>();
  const key = emailKey(row.known?.email ?? "");
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ space_id: SpaceId; id: GrantId }>`
      select space_id, id from shard.grants where grantee_id = ${row.user_id}
      union select space_id, id from shard.grants where kind = 'pending' and email_key = ${key}`.execute(db);
    for (const { space_id: spaceId, id } of rows) found.set(spaceId, [...(found.get(spaceId) ?? []), id]);
  }
  return found;
}

/** Offers that nobody can accept any longer. Index: transfers_to. */
async function deleteOffersTo({ shards }: ShredWorld, { user_id: userId }: ShreddingRow): Promise<void> {
  for (const { db } of shards.all()) await sql`delete from shard.transfers where to_id = ${userId}`.execute(db);
}

async function leaveGroups(world: ShredWorld, { user_id: userId, space_id: spaceId }: ShreddingRow): Promise<void> {
  const { rows } = await sql<{ groupId: GroupId }>`
    select group_id as "groupId" from shard.memberships where user_id = ${userId} and role is not null`.execute(
    world.shards.ofId(userId).db,
  );
  const server = { userId, spaceId, bucket: bucketOf(userId), administrates: true };
  for (const { groupId } of rows) {
    try {
      await removeMember(world.sharing(), server, { groupId, userId });
    } catch (error) {
      // The account has already left, and only its own shard does not know yet.
      if (!(error instanceof HoldfastError) || error.code !== "not_found") throw error;
    }
  }
}

const lookMs = 100;
/** Maximum checks in one run of the job. The next run continues. */
const looksMax = 600;

/** Also waits for retried messages. The server's list of jobs shows permanent failures. */
async function awaitMessages(world: ShredWorld, row: ShreddingRow, signal: AbortSignal): Promise<string | undefined> {
  const { queue } = world.sharing();
  for (const shard of world.shards.all()) queue.kick(shard);
  for (let look = 0; look < looksMax; look += 1) {
    if ((await countMessages(world, row)) === 0) return undefined;
    await world.sleep(lookMs, signal);
  }
  return "notifications of other accounts that their access ended (see 'holdfast admin jobs ls')";
}

async function countMessages(world: ShredWorld, { user_id: userId, space_id: spaceId }: ShreddingRow): Promise<number> {
  let count = 0;
  for (const { db } of world.shards.all()) {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from shard.messages
      where state <> 'dead' and (due_at <= ${world.clock.nowMicros()}::int8 or attempts > 0)
        and (payload::text like ${`%${spaceId}%`} or payload::text like ${`%${userId}%`})`.execute(db);
    count += rows[0]?.count ?? 0;
  }
  return count;
}
