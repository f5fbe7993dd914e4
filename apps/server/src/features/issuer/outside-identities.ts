import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, makeId, type OutsideIdentityId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { outsideIdentity } from "@holdfast/protocol/outside-routes";
import { sql } from "kysely";
import type { z } from "zod";
import type { AccountStore, AccountWorld } from "../accounts/context/account-world.ts";
import { findUser, signUpLifetimeMicros } from "../accounts/context/directory.ts";
import { directoryOf, releaseIdentity } from "../accounts/people/outside-directory.ts";
import type { SecurityChange } from "../accounts/context/security-change.ts";
import type { OutsideIdentityRow, UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type Claims, identityKey } from "./claims.ts";

export type OutsideIdentityJson = z.output<typeof outsideIdentity>;

export async function findLinked(store: AccountStore, claims: Claims): Promise<UserRow | undefined> {
  const key = identityKey(claims);
  const userId = await holderOf(store, key);
  if (userId === undefined || !(await isLinked(store, userId, key))) return undefined;
  return findUser(store.shards, userId);
}

interface Linking {
  /** Runs first in the transaction that creates the row. */
  readonly begin?: (transaction: ShardQueries) => Promise<void>;
  /** Runs in that transaction, under the account's lock. */
  readonly act?: (transaction: ShardQueries) => Promise<void>;
  /** Runs in that transaction after the row was created, but not if the account was already linked. */
  readonly onMade?: (transaction: ShardQueries) => Promise<void>;
  readonly what?: SecurityChange;
}

/**
 * Reserves the subject, then writes the account's row, because no transaction spans two shards. A crash in between
 * leaves a reservation without effect, which can be taken over.
 * @throws HoldfastError exists if another account has it, conflict at the maximum number
 */
export async function linkIdentity(
  store: AccountStore,
  userId: UserId,
  claims: Claims,
  { begin, act, onMade, what = "outside_linked" }: Linking = {},
): Promise<OutsideIdentityJson> {
  const key = identityKey(claims);
  await reserve(store, key, userId);
  const nowMicros = store.clock.nowMicros();
  const row: OutsideIdentityRow = {
    user_id: userId,
    id: makeId<OutsideIdentityId>(bucketOf(userId), store.clock.nowMs(), store.random(8)),
    identity_key: key,
    issuer: claims.issuer,
    subject: claims.subject,
    email: claims.email,
    created_at: nowMicros,
    last_used_at: null,
  };
  const made = await inTransaction(store.shards.ofId(userId).db, async (transaction) => {
    await begin?.(transaction);
    // The lock orders concurrent calls.
    const user = await sql`select from shard.users where id = ${userId} for update`.execute(transaction);
    await act?.(transaction);
    const rows = await readRows(transaction, userId);
    const known = rows.find((each) => each.identity_key.equals(key));
    if (known !== undefined) return known;
    if (rows.length >= limits.outsideIdentitiesMax) return undefined;
    await transaction.insertInto("shard.outside_identities").values(row).execute();
    await onMade?.(transaction);
    // Accounts being created get no notice.
    if (user.rows.length > 0) await store.notifySecurity?.(transaction, userId, what);
    return row;
  });
  store.queued?.(userId);
  if (made === undefined) {
    await releaseIdentity(store, key, userId);
    throw new HoldfastError("conflict", `An account can be linked to at most ${limits.outsideIdentitiesMax} sign-ins.`);
  }
  if ((await holderOf(store, key)) === userId) return identityJson(made, claims.issuer);
  // The call was so slow that another took over the reservation.
  await unlink(store, userId, made.id);
  throw alreadyLinked();
}

export async function listIdentities(
  store: AccountStore,
  userId: UserId,
  issuer?: string,
): Promise<OutsideIdentityJson[]> {
  return (await readRows(store.shards.ofId(userId).db, userId)).map((row) => identityJson(row, issuer));
}

/**
 * Removes the row first; without it the directory entry has no effect.
 * @param run runs the transaction that checks permission
 */
export async function removeIdentity(
  store: AccountStore & Pick<AccountWorld, "onlyThrough">,
  userId: UserId,
  id: string,
  run: (act: (transaction: ShardQueries) => Promise<Buffer | undefined>) => Promise<Buffer | undefined>,
): Promise<void> {
  const key = await run(async (transaction) => {
    const { rows } = await sql<Pick<OutsideIdentityRow, "identity_key">>`
      delete from shard.outside_identities where user_id = ${userId} and id::text = ${id} returning identity_key`.execute(
      transaction,
    );
    if (rows[0] !== undefined && (await isShutOut(transaction, userId, store))) throw lastWayIn();
    if (rows[0] !== undefined) await store.notifySecurity?.(transaction, userId, "outside_unlinked");
    return rows[0]?.identity_key;
  });
  if (key === undefined) throw new HoldfastError("not_found", "This account has no such sign-in.");
  await releaseIdentity(store, key, userId);
}

/** Runs under the lock of the new session. @returns true if still linked */
export async function useIdentity(
  { clock }: Pick<AccountWorld, "clock">,
  transaction: ShardQueries,
  userId: UserId,
  claims: Claims,
): Promise<boolean> {
  const { rows } = await sql`
    update shard.outside_identities set last_used_at = ${clock.nowMicros()}, email = ${claims.email}
    where user_id = ${userId} and identity_key = ${identityKey(claims)} returning 1`.execute(transaction);
  return rows.length > 0;
}

export async function hasIdentityOf(store: AccountStore, userId: UserId, issuer: string): Promise<boolean> {
  return (await readRows(store.shards.ofId(userId).db, userId)).some((row) => row.issuer === issuer);
}

export async function subjectOf(store: AccountStore, userId: UserId, issuer: string): Promise<string | undefined> {
  return (await readRows(store.shards.ofId(userId).db, userId)).find((row) => row.issuer === issuer)?.subject;
}

export async function withdrawIdentity(store: AccountStore, userId: UserId, id: string): Promise<void> {
  await unlink(store, userId, id as OutsideIdentityId);
}

async function unlink(store: AccountStore, userId: UserId, id: OutsideIdentityId): Promise<void> {
  const row = await store.shards
    .ofId(userId)
    .db.deleteFrom("shard.outside_identities")
    .where("user_id", "=", userId)
    .where("id", "=", id)
    .returning("identity_key")
    .executeTakeFirst();
  if (row !== undefined) await releaseIdentity(store, row.identity_key, userId);
}

async function reserve(store: AccountStore, key: Buffer, userId: UserId): Promise<void> {
  const { db } = directoryOf(store, key);
  const now = store.clock.nowMicros();
  const { rows } = await sql`
    insert into shard.outside_directory (identity_key, user_id, reserved_at) values (${key}, ${userId}, ${now})
    on conflict do nothing returning 1`.execute(db);
  if (rows.length > 0) return;
  const holder = await holderOf(store, key);
  if (holder === userId) return;
  if (holder !== undefined && (await isLinked(store, holder, key))) {
    // The identity is free if a sign-in crashed while it created the account.
    if ((await findUser(store.shards, holder)) !== undefined) throw alreadyLinked();
  }
  const taken = await sql`
    update shard.outside_directory set user_id = ${userId}, reserved_at = ${now}
    where identity_key = ${key} and user_id = ${holder ?? userId} and reserved_at <= ${now - signUpLifetimeMicros}
    returning 1`.execute(db);
  if (taken.rows.length === 0)
    throw new HoldfastError("conflict", "This sign-in is being linked right now. Try again in a minute.");
}

async function holderOf(store: AccountStore, key: Buffer): Promise<UserId | undefined> {
  const { rows } = await sql<{ user_id: UserId }>`
    select user_id from shard.outside_directory where identity_key = ${key}`.execute(directoryOf(store, key).db);
  return rows[0]?.user_id;
}

async function isLinked(store: AccountStore, userId: UserId, key: Buffer): Promise<boolean> {
  const { rows } = await sql`
    select from shard.outside_identities where user_id = ${userId} and identity_key = ${key}`.execute(
    store.shards.ofId(userId).db,
  );
  return rows.length > 0;
}

async function readRows(reader: ShardQueries, userId: UserId): Promise<OutsideIdentityRow[]> {
  const { rows } = await sql<OutsideIdentityRow>`
    select * from shard.outside_identities where user_id = ${userId} order by id`.execute(reader);
  return rows;
}

function identityJson(row: OutsideIdentityRow, issuer: string | undefined): OutsideIdentityJson {
  return {
    id: row.id,
    issuer: row.issuer,
    email: row.email,
    created_at: formatTime(row.created_at),
    last_used_at: row.last_used_at === null ? null : formatTime(row.last_used_at),
    proves: row.issuer === issuer,
  };
}

async function isShutOut(
  transaction: ShardQueries,
  userId: UserId,
  { onlyThrough }: Pick<AccountWorld, "onlyThrough">,
): Promise<boolean> {
  const takesNone = onlyThrough !== undefined;
  const { rows } = await sql`
    select from shard.users u where id = ${userId} and (not has_password or (${takesNone}::boolean and not admin))
      and not exists (select from shard.outside_identities i where i.user_id = u.id)`.execute(transaction);
  return rows.length > 0;
}

function lastWayIn(): HoldfastError {
  const message = "This account has no password, so you could no longer sign in. Set a password first.";
  return new HoldfastError("conflict", message, { field: "password" });
}

function alreadyLinked(): HoldfastError {
  return new HoldfastError(
    "exists",
    "This sign-in is linked to another account of this server. Unlink it there first.",
  );
}
