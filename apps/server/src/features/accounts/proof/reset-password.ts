import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { clearOwnAddresses } from "../callers/access-rules.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import { confirmIn } from "../people/confirm-address.ts";
import { findUser } from "../context/directory.ts";
import { emailKey } from "../context/email-address.ts";
import { countWays, type EndedWays, endFactor, endWays, lockWays } from "../people/end-ways-in.ts";
import { forgetDevices } from "../passwords/known-device.ts";
import { hashNewPassword, withPassword } from "../passwords/new-password.ts";
import { accountLine } from "../passwords/passwords.ts";
import { releaseIdentity } from "../people/outside-directory.ts";
import { endPersonalTokens } from "../people/personal-tokens.ts";
import { assertPasswordHere } from "./prove-password.ts";
import { isSame, makeResetToken, readResetToken } from "../context/secret-token.ts";

type Forgetful = Pick<UserRow, "id" | "email" | "password_hash">;
/** The key is that of mails, because the sender of mails makes the link. */
type ResetWorld = Pick<AccountWorld, "clock"> & { readonly secrets: Pick<AccountWorld["secrets"], "mailKey"> };

/** Valid for half an hour, and until the password or the address changes. */
export function resetLink({ secrets, clock }: ResetWorld, user: Forgetful): string {
  const untilSeconds = Math.floor((clock.nowMs() + limits.passwordResetMs) / 1000);
  return `/setup#${resetToken(secrets.mailKey, user, untilSeconds)}`;
}

export interface PasswordReset extends EndedWays {
  readonly token: string;
  readonly new_password: string;
}

/**
 * Sets a new password for the holder of a mailed token. Ends all sessions and personal access tokens and forgets known
 * devices, because a stranger may have made them. The second factor stays; if ended passkeys were all of it, its
 * recovery codes stay. An account that never had a confirmed address may be a stranger's, so its first reset ends all
 * other ways in.
 * @returns account, and the number of remaining ways in without the password
 * @throws HoldfastError invalid_field for a wrong, used or expired token; rate_limited; forbidden if the password is
 * elsewhere
 */
export async function resetPassword(
  world: AccountWorld,
  { token, new_password: password, ...asked }: PasswordReset,
  source: string,
): Promise<{ readonly user: UserRow; readonly passkeys: number; readonly outside: number }> {
  const user = await guardAttempt(world.throttle, throttleKey("reset", source), () => findByToken(world, token));
  if (user === undefined) throw badToken();
  await assertPasswordHere(world, user.id);
  const isUnconfirmed = user.email_confirmed_at === null;
  const isStrangers = isUnconfirmed && !user.was_confirmed;
  const ended = isStrangers ? { end_passkeys: true, end_outside: true } : asked;
  const passwordHash = await hashNewPassword(password, user, "new_password", accountLine(user.id));
  const { keys, left } = await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    await lockWays(transaction, user.id, ended);
    const changed = await transaction
      .updateTable("shard.users")
      .set(withPassword(passwordHash))
      .where("id", "=", user.id)
      .where("password_hash", "=", user.password_hash)
      .where("email", "=", user.email)
      .where("disabled_at", "is", null)
      .returning("id")
      .executeTakeFirst();
    if (changed === undefined) throw badToken();
    await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    await endPersonalTokens(transaction, user.id);
    await forgetDevices(transaction, user.id);
    await clearOwnAddresses(transaction, user.id);
    await world.notifySecurity?.(transaction, user.id, "password");
    const ending = await endWays(world, transaction, user.id, { ...ended, endsFactor: false });
    if (isStrangers) await endFactor(world, transaction, user.id);
    await confirmIn(transaction, user.id, world.clock.nowMicros());
    return { keys: ending, left: await countWays(transaction, user.id) };
  });
  world.onEnded?.(user.space_id);
  for (const key of keys) await releaseIdentity(world, key, user.id);
  if (isUnconfirmed) await world.onConfirmed?.(user.id);
  return { user, ...left };
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
  return new HoldfastError("invalid_field", "token: is wrong, was used, or has expired. Request a new one.", {
    field: "token",
  });
}
