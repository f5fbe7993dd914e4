import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { textArray, uuidArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { bucketOfEmail, emailKey } from "../../features/accounts/context/email-address.ts";
import { enqueueClaim } from "../../features/accounts/people/confirm-address.ts";
import { changeRights, removeGrants, serverOf } from "../../features/sharing/change-rights.ts";
import { enqueueGrant, enqueuePointer, type Pointer } from "../../tree/commit/enqueue-grant.ts";
import { beyond, copyKind, type CopiesWorld, portionRows, scan } from "./copy-kind.ts";
import { isMessageStored } from "./is-message-stored.ts";

interface Difference {
  readonly pointer: Pointer;
  /** false: a pointer without a grant */
  readonly isGranted: boolean;
}

/** `received` on the grantees' shards points to `grants` on the owners' shards. */
export const repairShares = copyKind(findDifferences, repair);

/** Grants to a confirmed address that still wait for its account. */
export const repairPending = copyKind(findClaimants, claim);

async function* findDifferences({ shards }: CopiesWorld): AsyncGenerator<Difference> {
  const byOwner = (row: Pointer) => shards.ofId(row.space_id);
  const byGrantee = (row: Pointer) => shards.ofId(row.grantee_id as UserId);
  for await (const { rows, other } of scan<Pointer>(shards, {
    read: (after) => sql`
      select space_id, id, node_id, kind, grantee_id from shard.grants
      where kind in ('user', 'group')
        and ${beyond(after, (row) => sql`(space_id, id) > (${row.space_id}::uuid, ${row.id}::uuid)`)}
      order by space_id, id limit ${portionRows}`,
    placeOf: byOwner,
    otherPlaceOf: byGrantee,
  })) {
    const without = await sql<Pick<Pointer, "id">>`
      select told.id from ${toldOf(rows)}
      where not exists (
        select from shard.received r where r.grantee_id = told.grantee_id and r.grant_id = told.id)`.execute(other.db);
    yield* among(rows, without.rows, true);
  }
  for await (const { rows, other } of scan<Pointer>(shards, {
    read: (after) => sql`
      select space_id, grant_id as id, node_id, 'user' as kind, grantee_id from shard.received
      where ${beyond(after, (row) => sql`(grantee_id, grant_id) > (${row.grantee_id}::uuid, ${row.id}::uuid)`)}
      order by grantee_id, grant_id limit ${portionRows}`,
    placeOf: byGrantee,
    otherPlaceOf: byOwner,
  })) {
    const without = await sql<Pick<Pointer, "id">>`
      select told.id from ${toldOf(rows)}
      where not exists (
        select from shard.grants g
        where g.space_id = told.space_id and g.id = told.id and g.grantee_id = told.grantee_id)`.execute(other.db);
    yield* among(rows, without.rows, false);
  }
}

function toldOf(rows: readonly Pointer[]) {
  return sql`unnest(${uuidArray(rows.map((row) => row.space_id))}, ${uuidArray(rows.map((row) => row.id))},
    ${uuidArray(rows.map((row) => row.grantee_id))}) as told (space_id, id, grantee_id)`;
}

function among(rows: readonly Pointer[], found: readonly Pick<Pointer, "id">[], isGranted: boolean): Difference[] {
  const ids = new Set(found.map(({ id }) => id));
  return rows.filter(({ id }) => ids.has(id)).map((pointer) => ({ pointer, isGranted }));
}

async function repair(world: CopiesWorld, { pointer, isGranted }: Difference): Promise<boolean> {
  const { shards, queue } = world;
  const shard = shards.ofId(pointer.space_id);
  if (!isGranted) await inTransaction(shard.db, (transaction) => enqueuePointer(transaction, pointer));
  else if (!(await settle(world, pointer))) return false;
  queue.kick(shard);
  return true;
}

async function hasGrantee(shards: Shards, { grantee_id: id }: Pointer): Promise<boolean> {
  const { rows } = await sql`
    select from shard.users where id = ${id} union all select from shard.groups where id = ${id}`.execute(
    shards.ofId(id as UserId).db,
  );
  return rows.length > 0;
}

/** Delivers a grant again, or removes it if its revocation or grantee was lost. @returns false if nothing differs any longer */
async function settle(world: CopiesWorld, pointer: Pointer): Promise<boolean> {
  const { shards, lost } = world;
  const { space_id: spaceId, id, grantee_id: granteeId } = pointer;
  const [owners, grantees] = [shards.ofId(spaceId), shards.ofId(granteeId as UserId)];
  const exists = await hasGrantee(shards, pointer);
  return changeRights(world, spaceId, serverOf(spaceId), async (rights) => {
    const { rows } = await sql<GrantRow>`
      select * from shard.grants where space_id = ${spaceId} and id = ${id}`.execute(rights.transaction);
    const [grant] = rows;
    // Read before the pointer, because a message is deleted after its delivery.
    const isTold = await isMessageStored(rights.transaction, "grant", id);
    const pointers = await sql`
      select from shard.received where grantee_id = ${granteeId} and grant_id = ${id}`.execute(grantees.db);
    if (grant === undefined || pointers.rows.length > 0) return false;
    const isRevoked = !isTold && lost.has(owners.id) && !lost.has(grantees.id);
    if (isRevoked || !exists) await removeGrants(rights, [id]);
    else await enqueueGrant(rights.transaction, grant);
    return true;
  });
}

async function* findClaimants({ shards }: CopiesWorld): AsyncGenerator<UserId> {
  const found = new Set<UserId>();
  type Row = { readonly email_key: string; readonly id: string };
  for await (const { rows, other } of scan<Row & Pick<GrantRow, "space_id">>(shards, {
    read: (after) => sql`
      select email_key, id, space_id from shard.grants
      where kind = 'pending' and ${beyond(after, (row) => sql`(email_key, id) > (${row.email_key}, ${row.id}::uuid)`)}
      order by email_key, id limit ${portionRows}`,
    placeOf: (row) => shards.ofId(row.space_id),
    otherPlaceOf: (row) => shards.of(bucketOfEmail(row.email_key)),
  })) {
    const keys = new Set(rows.map((row) => row.email_key));
    const holders = await sql<{ user_id: UserId }>`
      select user_id from shard.directory where email_key = any(${textArray([...keys])})`.execute(other.db);
    for (const [{ db }, some] of Map.groupBy(holders.rows, (row) => shards.ofId(row.user_id))) {
      const users = await sql<{ id: UserId; email: string }>`
        select id, email from shard.users
        where id = any(${uuidArray(some.map((row) => row.user_id))}) and email_confirmed_at is not null`.execute(db);
      for (const { id, email } of users.rows) {
        if (!keys.has(emailKey(email)) || found.has(id)) continue;
        found.add(id);
        yield id;
      }
    }
  }
}

async function claim({ shards, queue }: CopiesWorld, userId: UserId): Promise<boolean> {
  await inTransaction(shards.ofId(userId).db, (transaction) => enqueueClaim(transaction, userId));
  queue.kick(shards.ofId(userId));
  return true;
}
