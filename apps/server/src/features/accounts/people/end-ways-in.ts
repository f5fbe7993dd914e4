import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountStore } from "../context/account-world.ts";
import { hasApp, isOn, lockRow, removeSecondFactor } from "../factors/second-factor.ts";

export interface EndedWays {
  readonly end_passkeys?: boolean | undefined;
  readonly end_outside?: boolean | undefined;
}

/** Must be the first statement: adding a passkey takes this lock first. */
export async function lockWays(transaction: ShardQueries, userId: UserId, ended: EndedWays): Promise<void> {
  if (ended.end_passkeys === true) await lockRow(transaction, userId);
}

/**
 * Ends sign-in methods under the account's lock. Linking a sign-in waits for that lock.
 * @param endsFactor ends a second factor of passkeys only; otherwise its recovery codes remain
 * @returns keys of the outside directory, to release afterwards
 */
export async function endWays(
  store: AccountStore,
  transaction: ShardQueries,
  userId: UserId,
  { end_passkeys: passkeys, end_outside: outside, endsFactor }: EndedWays & { readonly endsFactor: boolean },
): Promise<Buffer[]> {
  if (passkeys === true) await endPasskeys(store, transaction, userId, endsFactor);
  return outside === true ? endOutside(store, transaction, userId) : [];
}

/** Ends the second factor with its recovery codes, even if an administrator requires one: the owner sets up another. */
export async function endFactor(store: AccountStore, transaction: ShardQueries, userId: UserId): Promise<void> {
  if (!isOn(await lockRow(transaction, userId))) return;
  await removeSecondFactor(transaction, userId);
  await store.notifySecurity?.(transaction, userId, "factor_off");
}

export async function countWays(
  reader: ShardQueries,
  userId: UserId,
): Promise<{ readonly passkeys: number; readonly outside: number }> {
  const { rows } = await sql<{ passkeys: number; outside: number }>`
    select (select count(*) from shard.passkeys where user_id = ${userId})::int8 as passkeys,
      (select count(*) from shard.outside_identities where user_id = ${userId})::int8 as outside`.execute(reader);
  return rows[0] ?? { passkeys: 0, outside: 0 };
}

async function endPasskeys(store: AccountStore, transaction: ShardQueries, userId: UserId, endsFactor: boolean) {
  const factor = await lockRow(transaction, userId);
  const { rows } = await sql`delete from shard.passkeys where user_id = ${userId} returning 1`.execute(transaction);
  if (rows.length === 0) return;
  const endsIt = endsFactor && isOn(factor) && !hasApp(factor);
  if (endsIt) await removeSecondFactor(transaction, userId);
  await store.notifySecurity?.(transaction, userId, endsIt ? "factor_ended" : "passkey_removed");
}

async function endOutside(store: AccountStore, transaction: ShardQueries, userId: UserId): Promise<Buffer[]> {
  const { rows } = await sql<{ identity_key: Buffer }>`
    delete from shard.outside_identities where user_id = ${userId} returning identity_key`.execute(transaction);
  if (rows.length > 0) await store.notifySecurity?.(transaction, userId, "outside_unlinked");
  return rows.map(({ identity_key: key }) => key);
}
