import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import { enqueue } from "../queue/enqueue.ts";
import type { AccountWorld } from "./account-world.ts";
import { takeAddress, withAddress } from "./change-address.ts";
import { findUser } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import { isSame, makeConfirmationToken, readConfirmationToken } from "./secret-token.ts";

/** The message by which what was shared with an address becomes its account's: payload `{ user_id }`. */
export const claimKind = "claim_pending";

/** Where the mail leads with which somebody shows that an address is theirs: below the public address, good for a week. */
export function confirmationLink({ secrets, clock }: AccountWorld, userId: UserId, email: string): string {
  const untilSeconds = Math.floor((clock.nowMs() + limits.invitationLifetimeMs) / 1000);
  return `/setup#${makeConfirmationToken(secrets.refreshKey, userId, emailKey(email), untilSeconds)}`;
}

/**
 * Whoever has the token reads what is mailed to the address, so it needs no sign-in; it may come twice. The account moves to the address if
 * that is the one that it waits for.
 * @throws HoldfastError invalid_field for one that is wrong, expired, or for an address that the account has no more; exists where somebody
 *   else has come to have it
 */
export async function confirmAddress(
  world: AccountWorld,
  token: string,
): Promise<{ email: string; confirmed: boolean }> {
  const { shards, secrets, clock, onConfirmed } = world;
  const claimed = readConfirmationToken(token);
  const user = claimed === undefined ? undefined : await findUser(shards, claimed.userId);
  if (claimed === undefined || user === undefined || user.disabled_at !== null) throw badToken();
  const email = [user.email, user.next_email].find((address) => {
    if (address === null) return false;
    const right = makeConfirmationToken(secrets.refreshKey, user.id, emailKey(address), claimed.untilSeconds);
    return isSame(Buffer.from(right), Buffer.from(token));
  });
  if (email === undefined || email === null || claimed.untilSeconds * 1000 <= clock.nowMs()) throw badToken();
  if (email === user.email) {
    await inTransaction(shards.ofId(user.id).db, (transaction) => confirmIn(transaction, user.id, clock.nowMicros()));
  } else await moveTo(world, user, email);
  await onConfirmed?.(user.id);
  return { email, confirmed: true };
}

/** @throws HoldfastError invalid_field where it is not wanted any more, exists */
async function moveTo(world: AccountWorld, user: UserRow, email: string): Promise<void> {
  const move = () =>
    inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
      const now = await transaction
        .selectFrom("shard.users")
        .selectAll()
        .where("id", "=", user.id)
        .where("next_email", "=", email)
        .where("disabled_at", "is", null)
        .forUpdate()
        .executeTakeFirst();
      if (now === undefined) throw badToken();
      await takeAddress(world, transaction, now, email);
      await confirmIn(transaction, user.id, world.clock.nowMicros());
    });
  await withAddress(world, user, email, move);
}

/** In a transaction on the user's shard. What was shared with the address follows. */
export async function confirmIn(transaction: ShardReader, userId: UserId, nowMicros: number): Promise<void> {
  const changed = await transaction
    .updateTable("shard.users")
    .set({ email_confirmed_at: nowMicros })
    .where("id", "=", userId)
    .where("email_confirmed_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (changed !== undefined) await enqueueClaim(transaction, userId);
}

export function enqueueClaim(transaction: ShardReader, userId: UserId): Promise<void> {
  return enqueue(transaction, { kind: claimKind, key: userId, payload: { user_id: userId } });
}

function badToken(): HoldfastError {
  return new HoldfastError(
    "invalid_field",
    "token: is wrong, has expired, or is for another address. Have a new one mailed.",
    { field: "token" },
  );
}
