import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../db/account-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import { guardAttempt, throttleKey } from "./attempts.ts";
import { emailKey } from "./email-address.ts";
import { isPassword } from "./passwords.ts";
import { accountWideCount } from "./sessions.ts";
import { getUser } from "./users.ts";

/**
 * Asks for the password again before something that whoever sits at a device that is signed in may not do. Guesses count with those of
 * signing in.
 * @param field in which it was sent
 * @param source where the attempt comes from
 * @throws HoldfastError invalid_field, rate_limited
 */
export async function provePassword(
  world: AccountWorld,
  userId: UserId,
  { password, field }: { readonly password: string; readonly field: string },
  source: string,
): Promise<UserRow> {
  const user = await getUser(world, userId);
  const account = emailKey(user.email);
  const isRight = await guardAttempt(
    world.throttle,
    throttleKey("sign-in", `${account}\0${source}`),
    async () => (await isPassword(user.password_hash, password)) || undefined,
    accountWideCount(account),
  );
  if (isRight === true) return user;
  throw new HoldfastError("invalid_field", `${field}: is not your password.`, { field });
}
