import { toHashHex } from "@holdfast/core/hash";
import { bucketOfHash, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { byteaArray, textArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { OutsideIdentityRow } from "../../base/db/account-tables.ts";
import { findUser, holderOf, isOf } from "../../features/accounts/context/directory.ts";
import { bucketOfEmail, emailKey } from "../../features/accounts/context/email-address.ts";
import { directoryOf } from "../../features/accounts/people/outside-directory.ts";
import { beyond, copyKind, type CopiesWorld, portionRows, scan } from "./copy-kind.ts";

interface Entry {
  readonly key: string;
  readonly userId: UserId;
  /** The entry exists, but its account has another address. */
  readonly isStale: boolean;
}

/** `directory` on the addresses' shards leads to `users` on the accounts' shards. */
export const repairAddresses = copyKind(findDifferences, (world, entry) =>
  entry.isStale ? release(world, entry) : enter(world, entry),
);

/** `outside_directory` leads to `outside_identities` on the accounts' shards. Stale entries have no effect. */
export const repairSignIns = copyKind(findUnlisted, list);

async function* findDifferences({ shards }: CopiesWorld): AsyncGenerator<Entry> {
  const placeOfKey = (key: string) => shards.of(bucketOfEmail(key));
  for await (const { rows, other } of scan<{ readonly id: UserId; readonly email: string }>(shards, {
    // The directory's entry of an account that is being shredded is deleted first.
    read: (after) => sql`
      select id, email from shard.users u
      where ${beyond(after, (row) => sql`id > ${row.id}::uuid`)}
        and not exists (select from shard.shreddings s where s.user_id = u.id)
      order by id limit ${portionRows}`,
    placeOf: (row) => shards.ofId(row.id),
    otherPlaceOf: (row) => placeOfKey(emailKey(row.email)),
  })) {
    const missing = await sql<{ key: string; userId: UserId }>`
      select told.key, told.id as "userId" from unnest(
        ${textArray(rows.map((row) => emailKey(row.email)))}, ${uuidArray(rows.map((row) => row.id))}) as told (key, id)
      where not exists (
        select from shard.directory d where d.email_key = told.key and d.user_id = told.id)`.execute(other.db);
    for (const each of missing.rows) yield { ...each, isStale: false };
  }
  for await (const { rows, other } of scan<Omit<Entry, "isStale">>(shards, {
    // The hourly job removes the others.
    read: (after) => sql`
      select email_key as key, user_id as "userId" from shard.directory
      where confirmed and ${beyond(after, (row) => sql`email_key > ${row.key}`)}
      order by email_key limit ${portionRows}`,
    placeOf: (row) => placeOfKey(row.key),
    otherPlaceOf: (row) => shards.ofId(row.userId),
  })) {
    const users = await sql<{ id: UserId; email: string }>`
      select id, email from shard.users where id = any(${uuidArray(rows.map((row) => row.userId))})`.execute(other.db);
    const keys = new Map(users.rows.map(({ id, email }) => [id, emailKey(email)]));
    for (const row of rows) if (keys.get(row.userId) !== row.key) yield { ...row, isStale: true };
  }
}

/** If two accounts have one address, the directory decides. */
async function enter({ shards, clock }: CopiesWorld, { key, userId }: Entry): Promise<boolean> {
  const user = await findUser(shards, userId);
  const holder = await holderOf(shards, key);
  if (user === undefined || emailKey(user.email) !== key || holder === userId) return false;
  if (holder !== undefined && (await isOf(shards, key, holder))) return false;
  const { rows } = await sql`
    insert into shard.directory as known (email_key, user_id, confirmed, reserved_at)
    values (${key}, ${userId}, true, ${clock.nowMicros()})
    on conflict (email_key) do update
    set user_id = excluded.user_id, confirmed = true, reserved_at = excluded.reserved_at
    where known.user_id = ${holder ?? userId} returning 1`.execute(shards.of(bucketOfEmail(key)).db);
  return rows.length > 0;
}

/** The hourly job deletes the entry, unless its account has the address again by then. */
async function release({ shards, clock }: CopiesWorld, { key, userId }: Entry): Promise<boolean> {
  if (await isOf(shards, key, userId)) return false;
  const { rows } = await sql`
    update shard.directory set confirmed = false, reserved_at = ${clock.nowMicros()}
    where email_key = ${key} and user_id = ${userId} and confirmed returning 1`.execute(
    shards.of(bucketOfEmail(key)).db,
  );
  return rows.length > 0;
}

type Identity = Pick<OutsideIdentityRow, "user_id" | "id" | "identity_key">;

/** If the account's shard lost changes, the sign-in may have been unlinked. */
async function* findUnlisted({ shards, lost }: CopiesWorld): AsyncGenerator<Identity> {
  for await (const { rows, other } of scan<Identity>(shards, {
    read: (after) => sql`
      select user_id, id, identity_key from shard.outside_identities
      where ${beyond(after, (row) => sql`(user_id, id) > (${row.user_id}::uuid, ${row.id}::uuid)`)}
      order by user_id, id limit ${portionRows}`,
    placeOf: (row) => shards.ofId(row.user_id),
    otherPlaceOf: (row) => shards.of(bucketOfHash(toHashHex(row.identity_key))),
  })) {
    const asked = lost.has(other.id) ? rows.filter((row) => !lost.has(shards.ofId(row.user_id).id)) : [];
    if (asked.length === 0) continue;
    const { rows: listed } = await sql<Pick<Identity, "identity_key">>`
      select identity_key from shard.outside_directory
      where identity_key = any(${byteaArray(asked.map((row) => row.identity_key))})`.execute(other.db);
    const keys = new Set(listed.map((row) => row.identity_key.toString("hex")));
    for (const row of asked) if (!keys.has(row.identity_key.toString("hex"))) yield row;
  }
}

async function list(world: CopiesWorld, { user_id: userId, identity_key: key }: Identity): Promise<boolean> {
  const { rows } = await sql`
    insert into shard.outside_directory (identity_key, user_id, reserved_at)
    values (${key}, ${userId}, ${world.clock.nowMicros()}) on conflict do nothing returning 1`.execute(
    directoryOf(world, key).db,
  );
  return rows.length > 0;
}
