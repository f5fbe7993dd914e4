import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { inTransaction } from "../db/database.ts";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import { enqueue } from "../queue/enqueue.ts";
import type { AccountWorld } from "./account-world.ts";
import { findUser } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import { isSame, makeConfirmationToken, readConfirmationToken } from "./secret-token.ts";

/** The message by which what was shared with an address becomes its account's: payload `{ user_id }`. */
export const claimKind = "claim_pending";

/** Where the mail leads with which somebody shows that an address is theirs: below the public address, good for a week. */
export function confirmationLink({ secrets, clock }: AccountWorld, user: Pick<UserRow, "id" | "email">): string {
  const untilSeconds = Math.floor((clock.nowMs() + limits.invitationLifetimeMs) / 1000);
  return `/setup#${makeConfirmationToken(secrets.refreshKey, user.id, emailKey(user.email), untilSeconds)}`;
}

/**
 * Whoever has the token reads what is mailed to the address, so it needs no sign-in; it may come twice.
 * @throws HoldfastError invalid_field for one that is wrong, expired, or for an address that the account has no more
 */
export async function confirmAddress(
  { shards, secrets, clock, onConfirmed }: AccountWorld,
  token: string,
): Promise<{ email: string; confirmed: boolean }> {
  const claimed = readConfirmationToken(token);
  const user = claimed === undefined ? undefined : await findUser(shards, claimed.userId);
  if (claimed === undefined || user === undefined || user.disabled_at !== null) throw badToken();
  const right = makeConfirmationToken(secrets.refreshKey, user.id, emailKey(user.email), claimed.untilSeconds);
  if (!isSame(Buffer.from(right), Buffer.from(token))) throw badToken();
  if (claimed.untilSeconds * 1000 <= clock.nowMs()) throw badToken();
  await inTransaction(shards.ofId(user.id).db, (transaction) => confirmIn(transaction, user.id, clock.nowMicros()));
  await onConfirmed?.(user.id);
  return { email: user.email, confirmed: true };
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
