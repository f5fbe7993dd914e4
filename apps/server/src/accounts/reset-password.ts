import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { UserRow } from "../db/account-tables.ts";
import { inTransaction } from "../db/database.ts";
import type { AccountWorld } from "./account-world.ts";
import { guardAttempt, throttleKey } from "./attempts.ts";
import { confirmIn } from "./confirm-address.ts";
import { findUser } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import { hashNewPassword } from "./new-password.ts";
import { endPersonalTokens } from "./personal-tokens.ts";
import { isSame, makeResetToken, readResetToken } from "./secret-token.ts";

type Forgetful = Pick<UserRow, "id" | "email" | "password_hash">;
/** The key is that of mails, since whoever sends them makes the link. */
type ResetWorld = Pick<AccountWorld, "clock"> & { readonly secrets: Pick<AccountWorld["secrets"], "mailKey"> };

/** Where the mail leads: below the public address, good for half an hour, and until the password or the address is another one. */
export function resetLink({ secrets, clock }: ResetWorld, user: Forgetful): string {
  const untilSeconds = Math.floor((clock.nowMs() + limits.passwordResetMs) / 1000);
  return `/setup#${resetToken(secrets.mailKey, user, untilSeconds)}`;
}

/**
 * Whoever has the token reads what is mailed to the address. All sessions and personal access tokens end, as somebody else may have made them;
 * a second factor stays.
 * @param source where the attempt comes from
 * @throws HoldfastError invalid_field for a token that is wrong, used or expired; rate_limited
 */
export async function resetPassword(
  world: AccountWorld,
  { token, new_password: password }: { readonly token: string; readonly new_password: string },
  source: string,
): Promise<UserRow> {
  const user = await guardAttempt(world.throttle, throttleKey("reset", source), () => findByToken(world, token));
  if (user === undefined) throw badToken();
  const passwordHash = await hashNewPassword(password, user, "new_password");
  const isFirst = await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    const changed = await transaction
      .updateTable("shard.users")
      .set({ password_hash: passwordHash })
      .where("id", "=", user.id)
      .where("password_hash", "=", user.password_hash)
      .where("email", "=", user.email)
      .where("disabled_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (changed === undefined) return false;
    await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    await endPersonalTokens(transaction, user.id);
    await world.tellSecurity?.(transaction, user.id, "password");
    await confirmIn(transaction, user.id, world.clock.nowMicros());
    return true;
  });
  if (!isFirst) throw badToken();
  if (user.email_confirmed_at === null) await world.onConfirmed?.(user.id);
  return user;
}

async function findByToken({ shards, secrets, clock }: AccountWorld, token: string): Promise<UserRow | undefined> {
  const claimed = readResetToken(token);
  const user = claimed === undefined ? undefined : await findUser(shards, claimed.userId);
  if (claimed === undefined || user === undefined || user.disabled_at !== null) return undefined;
  const right = resetToken(secrets.mailKey, user, claimed.untilSeconds);
  const isGood = isSame(Buffer.from(right), Buffer.from(token)) && claimed.untilSeconds * 1000 > clock.nowMs();
  return isGood ? user : undefined;
}

function resetToken(key: Buffer, { id, email, password_hash: hash }: Forgetful, untilSeconds: number): string {
  return makeResetToken(key, id, `${emailKey(email)} ${hash}`, untilSeconds);
}

function badToken(): HoldfastError {
  return new HoldfastError("invalid_field", "token: is wrong, was used, or has expired. Have a new one mailed.", {
    field: "token",
  });
}
