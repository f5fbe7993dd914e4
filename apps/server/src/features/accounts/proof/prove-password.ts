import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import type { Caller } from "../context/caller.ts";
import { emailKey } from "../context/email-address.ts";
import { accountLine, isPassword } from "../passwords/passwords.ts";
import { accountWideCount } from "../passwords/prove-at-sign-in.ts";
import { isProofFresh } from "../callers/session-proof.ts";
import { getUser } from "../people/users.ts";

/**
 * Requires the password again, before actions that a stranger at a signed-in device must not do. Guesses count with
 * sign-ins from this source and with those of the device, not with the account's from all sources: strangers elsewhere
 * cannot prevent a change of the password.
 * @param field of the request that has the password, for errors
 * @throws HoldfastError invalid_field, rate_limited
 */
export async function provePassword(
  world: AccountWorld,
  { userId, deviceId }: Caller,
  { password, field }: { readonly password: string; readonly field: string },
  source: string,
): Promise<UserRow> {
  const user = await getUser(world, userId);
  const account = emailKey(user.email);
  const wider = deviceId === null ? accountWideCount(account) : { key: throttleKey("device", deviceId), weight: 1 };
  const isRight = await guardAttempt(
    world.throttle,
    throttleKey("sign-in", `${account}\0${source}`),
    async () => (await isRightPassword(world, user, password, () => world.throttle.check(wider.key))) || undefined,
    wider,
  );
  if (isRight === true) return user;
  throw new HoldfastError("invalid_field", `${field}: is not your password.`, { field });
}

/**
 * Without a valid password, requires a recent proof of the session.
 * @throws HoldfastError proof_required, invalid_field, rate_limited
 */
export async function proveOwner(
  world: AccountWorld,
  caller: Caller,
  { password, field }: { readonly password: string | undefined; readonly field: string },
  source: string,
): Promise<UserRow> {
  const user = await getUser(world, caller.userId);
  if (password !== undefined && passwordCounts(world, user)) {
    return provePassword(world, caller, { password, field }, source);
  }
  if (await hasPassword(world, user)) throw new HoldfastError("invalid_field", `${field}: is missing.`, { field });
  if (await isJustProven(world, caller)) return user;
  const message =
    "This account cannot confirm your identity with a password. Confirm it first through your sign-in provider or with a passkey, and retry within 10 minutes. Nothing was done.";
  throw new HoldfastError("proof_required", message);
}

/**
 * If people sign in only through an issuer, an older password must not permit what it guards, such as app passwords.
 */
function passwordCounts({ onlyThrough }: Pick<AccountWorld, "onlyThrough">, { admin }: Pick<UserRow, "admin">) {
  return onlyThrough === undefined || admin;
}

/** True for a valid password that somebody knows, stored here or elsewhere. */
export async function hasPassword(
  world: Pick<AccountWorld, "outsidePasswords" | "onlyThrough">,
  user: Pick<UserRow, "id" | "has_password" | "admin">,
): Promise<boolean> {
  if (!passwordCounts(world, user)) return false;
  const { outsidePasswords } = world;
  return user.has_password || (await outsidePasswords?.holds(user.id)) === true;
}

async function isJustProven(world: AccountWorld, { credential }: Caller): Promise<boolean> {
  if (credential.kind !== "session") return false;
  const row = await world.shards
    .ofId(credential.id)
    .db.selectFrom("shard.sessions")
    .select("proven_at")
    .where("id", "=", credential.id)
    .executeTakeFirst();
  return row !== undefined && isProofFresh(world, row.proven_at);
}

/** A local password does not count if the password is elsewhere. @throws HoldfastError unavailable */
async function isRightPassword(
  world: AccountWorld,
  user: UserRow,
  password: string,
  begin: () => Promise<void>,
): Promise<boolean> {
  const { outsidePasswords: outside } = world;
  if (outside !== undefined && (await outside.holds(user.id))) return outside.isPasswordOf(user.id, password);
  return isPassword(user.password_hash, password, { line: accountLine(user.id), begin });
}

/** @throws HoldfastError forbidden if the password is elsewhere */
export async function assertPasswordHere(
  { outsidePasswords }: Pick<AccountWorld, "outsidePasswords">,
  userId: UserId,
): Promise<void> {
  if (outsidePasswords === undefined || !(await outsidePasswords.holds(userId))) return;
  const message = `The password of this account is managed by ${outsidePasswords.name} and can only be changed there.`;
  throw new HoldfastError("forbidden", message, { field: "ldap" });
}
