import { HoldfastError } from "@holdfast/core/errors";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { assertLive } from "../callers/live-session.ts";
import { hashNewPassword, withPassword } from "../passwords/new-password.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { accountLine } from "../passwords/passwords.ts";
import { endPersonalTokens } from "../people/personal-tokens.ts";
import { assertPasswordHere, proveOwner } from "./prove-password.ts";
import { withCode } from "../factors/second-factor.ts";

export interface PasswordChange {
  /** Absent without a known password. */
  readonly current_password?: string | undefined;
  readonly new_password: string;
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
}

/**
 * Ends all personal access tokens and all other sessions, because somebody may know the old password. Guesses count as
 * failed sign-ins.
 * @throws HoldfastError forbidden for a personal access token, proof_required, invalid_field, second_factor,
 * rate_limited, conflict, unauthenticated
 */
export async function changeOwnPassword(
  world: AccountWorld,
  caller: Caller,
  change: PasswordChange,
  source: string,
): Promise<void> {
  const { credential } = caller;
  if (credential.kind !== "session") {
    throw new HoldfastError(
      "forbidden",
      "A personal access token cannot change the password. Sign in with the password.",
    );
  }
  await assertPasswordHere(world, caller.userId);
  const current = { password: change.current_password, field: "current_password" };
  const user = await proveOwner(world, caller, current, source);
  const passwordHash = await hashNewPassword(change.new_password, user, "new_password", accountLine(user.id));
  const { totp, passkey, site } = change;
  const by = { totp, passkey, site, sender: "known" } as const;
  await withCode(world, user.id, by, async (transaction) => {
    const changed = await transaction
      .updateTable("shard.users")
      .set(withPassword(passwordHash))
      .where("id", "=", user.id)
      .where("password_hash", "=", user.password_hash)
      .returning("id")
      .executeTakeFirst();
    if (changed === undefined)
      throw new HoldfastError("conflict", "The password was changed in the meantime. Sign in again.");
    // Runs after the account's lock, like all code that ends its sessions.
    await assertLive(transaction, credential.id);
    await transaction
      .deleteFrom("shard.sessions")
      .where("user_id", "=", user.id)
      .where("id", "<>", credential.id)
      .execute();
    await endPersonalTokens(transaction, user.id);
    await world.notifySecurity?.(transaction, user.id, "password");
  });
  world.onEnded?.(user.space_id);
}
