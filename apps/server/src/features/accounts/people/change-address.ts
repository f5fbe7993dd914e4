import { HoldfastError } from "@holdfast/core/errors";
import { isId, type UserId } from "@holdfast/core/ids";
import { z } from "zod";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import type { Kinds } from "../../../base/queue/kind.ts";
import { enqueue } from "../../../base/queue/enqueue.ts";
import type { AccountStore } from "../context/account-world.ts";
import { confirmEmail, holderOf, releaseEmail, reserveEmail } from "../context/directory.ts";
import { bucketOfEmail, emailKey } from "../context/email-address.ts";

const addressKind = "address_changed";
const changed = z.object({ user_id: z.custom<UserId>((id) => typeof id === "string" && isId(id)), left: z.string() });

/**
 * Reserves the new address, calls `change`, and releases the old one. After a crash, a minute or the message frees the
 * unused address.
 * @param change calls `takeAddress` in a transaction
 * @throws HoldfastError exists if another account has the address
 */
export async function withAddress(
  store: AccountStore,
  user: UserRow,
  email: string,
  change: () => Promise<void>,
): Promise<void> {
  if (emailKey(email) !== emailKey(user.email)) await hold(store, user, email);
  try {
    await change();
  } catch (error) {
    await releaseEmail(store.shards, email);
    throw error;
  }
  store.queued?.(user.id);
}

/** An interrupted change may already hold the address. */
async function hold(store: AccountStore, { id }: UserRow, email: string): Promise<void> {
  try {
    await reserveEmail(store, email, id);
  } catch (error) {
    const isTaken = error instanceof HoldfastError && error.code === "exists";
    if (!isTaken || (await holderOf(store.shards, email)) !== id) throw error;
  }
}

/** Runs in the transaction that locked the row. The new address is unconfirmed; the old one gets a mail. */
export async function takeAddress(
  { notifySecurity }: Pick<AccountStore, "notifySecurity">,
  transaction: ShardQueries,
  user: UserRow,
  email: string,
): Promise<void> {
  const left = emailKey(user.email);
  const isSame = emailKey(email) === left;
  // A reset does not treat such an account as a stranger's.
  const was = user.email_confirmed_at === null ? {} : { was_confirmed: true };
  const set = isSame ? { email } : { email, email_confirmed_at: null, next_email: null, ...was };
  await transaction.updateTable("shard.users").set(set).where("id", "=", user.id).execute();
  if (isSame) return;
  await enqueue(transaction, { kind: addressKind, payload: { user_id: user.id, left } });
  await notifySecurity?.(transaction, user.id, "address", user.email);
}

/** Marks an address set by an identity system: a thief of its token could have a password reset mailed to it. */
export async function noteReaddressed(
  transaction: ShardQueries,
  user: UserRow,
  email: string,
  nowMicros: number,
): Promise<void> {
  if (emailKey(email) === emailKey(user.email)) return;
  await transaction.updateTable("shard.users").set({ readdressed_at: nowMicros }).where("id", "=", user.id).execute();
}

/**
 * Removes the mark, because the person proved the address or an administrator vouched for it.
 * @param user as read then; the mark of a later change stays
 */
export async function settleAddress(
  reader: ShardQueries,
  { id, readdressed_at: seen }: Pick<UserRow, "id" | "readdressed_at">,
): Promise<void> {
  await reader
    .updateTable("shard.users")
    .set({ readdressed_at: null })
    .where("id", "=", id)
    .where("readdressed_at", "=", seen)
    .execute();
}

/**
 * Removes the mark if a trusted issuer or LDAP server confirms the address.
 * @param claims.email the person's address on that server
 */
export async function settleKnown(
  { shards }: Pick<AccountStore, "shards">,
  user: UserRow,
  { email }: { readonly email: string | null },
): Promise<void> {
  if (user.readdressed_at === null || email === null || emailKey(email) !== emailKey(user.email)) return;
  await settleAddress(shards.ofId(user.id).db, user);
}

export function addressKinds(shards: Shards): Kinds {
  return {
    [addressKind]: {
      schema: changed,
      work: async (payload) => {
        const { user_id: id, left } = payload as z.output<typeof changed>;
        const user = await shards
          .ofId(id)
          .db.selectFrom("shard.users")
          .select("email")
          .where("id", "=", id)
          .executeTakeFirst();
        if (user === undefined) return;
        await confirmEmail(shards, user.email, id);
        if (emailKey(user.email) === left) return;
        await shards
          .of(bucketOfEmail(left))
          .db.deleteFrom("shard.directory")
          .where("email_key", "=", left)
          .where("user_id", "=", id)
          .execute();
      },
    },
  };
}
