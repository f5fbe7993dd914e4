import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { keyed } from "../../../base/db/database.ts";
import type { Shard, Shards } from "../../../base/db/shards.ts";
import type { AccountStore } from "./account-world.ts";
import { bucketOfEmail, emailKey } from "./email-address.ts";
import { isPlainText } from "./plain-text.ts";

/** Longer than any sign-up. Older reservations and claims may be taken over. */
export const signUpLifetimeMicros = 60_000_000;

/** Looked up for unknown addresses, so that both cases take equally long. */
export const nobody = "00000000-0000-8000-8000-000000000000" as UserId;

/**
 * Includes a user whose sign-up died before the address was confirmed: the user's row makes the account. Excludes
 * former and future addresses, because the directory on another shard is updated later.
 */
export async function findUserByEmail(shards: Shards, email: string): Promise<UserRow | undefined> {
  const key = emailKey(email);
  if (!isPlainText(key)) return undefined;
  const [shard, ...others] = shards.all();
  const user =
    shard === undefined || others.length > 0
      ? await findUser(shards, (await holderOf(shards, key)) ?? nobody)
      : await findHolder(shard, key);
  return user !== undefined && emailKey(user.email) === key ? user : undefined;
}

export async function findUser(shards: Shards, id: UserId): Promise<UserRow | undefined> {
  const { rows } = await sql<UserRow>`
    select ${userColumns} from shard.users u where u.id = ${id} ${keyed}`.execute(shards.ofId(id).db);
  return rows[0];
}

async function findHolder({ db }: Shard, key: string): Promise<UserRow | undefined> {
  const { rows } = await sql<UserRow>`
    select ${userColumns} from shard.users u
    where u.id = coalesce((select user_id from shard.directory where email_key = ${key}), ${nobody}) ${keyed}`.execute(
    db,
  );
  return rows[0];
}

const userColumnNames: Readonly<Record<keyof UserRow, true>> = {
  id: true,
  email: true,
  name: true,
  password_hash: true,
  has_password: true,
  admin: true,
  disabled_at: true,
  leaving_until: true,
  space_id: true,
  root_id: true,
  email_confirmed_at: true,
  was_confirmed: true,
  next_email: true,
  readdressed_at: true,
  plan: true,
  created_at: true,
};
const userColumns = sql.raw(
  Object.keys(userColumnNames)
    .map((name) => `u.${name}`)
    .join(", "),
);

/** @throws HoldfastError exists */
export async function reserveEmail({ shards, clock }: AccountStore, email: string, userId: UserId): Promise<void> {
  const key = emailKey(email);
  const now = clock.nowMicros();
  const { db } = shards.of(bucketOfEmail(key));
  const reserved = await db
    .insertInto("shard.directory")
    .values({ email_key: key, user_id: userId, confirmed: false, reserved_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .returning("user_id")
    .executeTakeFirst();
  if (reserved !== undefined) return;
  const holder = await db
    .selectFrom("shard.directory")
    .selectAll()
    .where("email_key", "=", key)
    .where("confirmed", "=", false)
    .where("reserved_at", "<=", now - signUpLifetimeMicros)
    .executeTakeFirst();
  if (holder === undefined || (await isOf(shards, key, holder.user_id))) throw addressTaken();
  const takenOver = await db
    .updateTable("shard.directory")
    .set({ user_id: userId, reserved_at: now })
    .where("email_key", "=", key)
    .where("user_id", "=", holder.user_id)
    .where("confirmed", "=", false)
    .returning("user_id")
    .executeTakeFirst();
  if (takenOver === undefined) throw addressTaken();
}

/** False for the new address of a move whose process died. */
export async function isOf(shards: Shards, key: string, userId: UserId): Promise<boolean> {
  const user = await findUser(shards, userId);
  return user !== undefined && emailKey(user.email) === key;
}

export async function holderOf(shards: Shards, email: string): Promise<UserId | undefined> {
  const key = emailKey(email);
  const entry = await shards
    .of(bucketOfEmail(key))
    .db.selectFrom("shard.directory")
    .select("user_id")
    .where("email_key", "=", key)
    .modifyEnd(keyed)
    .executeTakeFirst();
  return entry?.user_id;
}

/** @returns false if another account took over the reservation */
export async function confirmEmail(shards: Shards, email: string, userId: UserId): Promise<boolean> {
  const key = emailKey(email);
  const confirmed = await shards
    .of(bucketOfEmail(key))
    .db.updateTable("shard.directory")
    .set({ confirmed: true })
    .where("email_key", "=", key)
    .where("user_id", "=", userId)
    .returning("user_id")
    .executeTakeFirst();
  return confirmed !== undefined;
}

export async function releaseEmail(shards: Shards, email: string): Promise<void> {
  const key = emailKey(email);
  const { db } = shards.of(bucketOfEmail(key));
  const entry = await db
    .selectFrom("shard.directory")
    .select("user_id")
    .where("email_key", "=", key)
    .where("confirmed", "=", false)
    .executeTakeFirst();
  if (entry === undefined || (await isOf(shards, key, entry.user_id))) return;
  await db
    .deleteFrom("shard.directory")
    .where("email_key", "=", key)
    .where("user_id", "=", entry.user_id)
    .where("confirmed", "=", false)
    .execute();
}

export function addressTaken(): HoldfastError {
  return new HoldfastError("exists", "An account with this e-mail address already exists.", { field: "email" });
}
