import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { inTransaction } from "../../../base/db/database.ts";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { enqueue } from "../../../base/queue/enqueue.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { settleAddress, takeAddress, withAddress } from "./change-address.ts";
import { findUser } from "../context/directory.ts";
import { emailKey } from "../context/email-address.ts";
import { assertLive, sessionOf } from "../callers/live-session.ts";
import { isSame, makeConfirmationToken, readConfirmationToken } from "../context/secret-token.ts";

/** Message that gives shares with an address to its account: payload `{ user_id }`. */
export const claimKind = "claim_pending";

/** Path of the link in the confirmation e-mail, relative to the public address. Valid for a week. */
export function confirmationLink({ secrets, clock }: AccountWorld, userId: UserId, email: string): string {
  const untilSeconds = Math.floor((clock.nowMs() + limits.invitationLifetimeMs) / 1000);
  return `/setup#${makeConfirmationToken(secrets.refreshKey, userId, emailKey(email), untilSeconds)}`;
}

/**
 * The token proves the mailbox, the session the account. Otherwise the reader of a mistyped address could take over the
 * account, or an account could claim the address of anybody who clicks. Idempotent. Also completes a pending move to
 * the address.
 * @throws HoldfastError forbidden for a personal access token; invalid_field for a token that is wrong, expired, of
 * another account or for a former address; exists if another account has the address by now
 */
export async function confirmAddress(
  world: AccountWorld,
  caller: Pick<Caller, "userId" | "credential">,
  token: string,
): Promise<{ email: string; confirmed: boolean }> {
  const { shards, secrets, clock, onConfirmed } = world;
  const session = sessionOf(caller, "confirms no address");
  const claimed = readConfirmationToken(token);
  if (claimed?.userId !== caller.userId) throw badToken();
  const user = await findUser(shards, claimed.userId);
  if (user === undefined || user.disabled_at !== null) throw badToken();
  const email = [user.email, user.next_email].find((address) => {
    if (address === null) return false;
    const right = makeConfirmationToken(secrets.refreshKey, user.id, emailKey(address), claimed.untilSeconds);
    return isSame(Buffer.from(right), Buffer.from(token));
  });
  if (email === undefined || email === null || claimed.untilSeconds * 1000 <= clock.nowMs()) throw badToken();
  if (email === user.email) {
    await inTransaction(shards.ofId(user.id).db, async (transaction) => {
      // Locks the account first, like code that ends sessions.
      await confirmIn(transaction, user.id, clock.nowMicros());
      await settleAddress(transaction, user);
      await assertLive(transaction, session);
    });
  } else await moveTo(world, user, email, session);
  await onConfirmed?.(user.id);
  return { email, confirmed: true };
}

/** @throws HoldfastError invalid_field if the move was withdrawn, exists */
async function moveTo(world: AccountWorld, user: UserRow, email: string, session: SessionId): Promise<void> {
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
      await assertLive(transaction, session);
      await takeAddress(world, transaction, now, email);
      await settleAddress(transaction, now);
      await confirmIn(transaction, user.id, world.clock.nowMicros());
    });
  await withAddress(world, user, email, move);
}

/** Runs in a transaction on the user's shard. A message claims the shares with the address. */
export async function confirmIn(transaction: ShardQueries, userId: UserId, nowMicros: number): Promise<void> {
  const changed = await transaction
    .updateTable("shard.users")
    .set({ email_confirmed_at: nowMicros })
    .where("id", "=", userId)
    .where("email_confirmed_at", "is", null)
    .returning("id")
    .executeTakeFirst();
  if (changed !== undefined) await enqueueClaim(transaction, userId);
}

export function enqueueClaim(transaction: ShardQueries, userId: UserId): Promise<void> {
  return enqueue(transaction, { kind: claimKind, key: userId, payload: { user_id: userId } });
}

function badToken(): HoldfastError {
  return new HoldfastError(
    "invalid_field",
    "token: is wrong, has expired, or is for another address. Request a new one.",
    { field: "token" },
  );
}
