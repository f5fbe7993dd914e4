import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { inTransaction } from "../../../base/db/database.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import type { Caller } from "../context/caller.ts";
import { sessionOf } from "../callers/live-session.ts";
import { noteProven } from "./note-proven.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { provePassword } from "../proof/prove-password.ts";
import { withCode } from "../factors/second-factor.ts";
import { assertMaySignIn } from "./sessions.ts";
import { takePasskey } from "../factors/take-passkey.ts";
import { getUser } from "../people/users.ts";

/** Proof that also signs in: a password with its second factor, or a passkey alone. */
export interface SessionProof {
  readonly password?: string | undefined;
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
}

/**
 * Records in the caller's session that its person just proved their identity. Counts guesses and uses up codes and
 * passkeys as a sign-in does.
 * @returns end of the proof, in microseconds
 * @throws HoldfastError forbidden for a token, and where passwords do not sign in; invalid_field, second_factor,
 * rate_limited, unauthenticated
 */
export async function proveSession(
  world: AccountWorld,
  caller: Caller,
  { password, ...given }: SessionProof,
  source: string,
): Promise<number> {
  const session = sessionOf(caller, "cannot confirm an identity");
  assertMaySignIn(world, caller);
  if (password === undefined) await byPasskey(world, caller.userId, session, { ...given, source });
  else {
    const user = await provePassword(world, caller, { password, field: "password" }, source);
    await withCode(world, user.id, { ...given, sender: "known" }, (transaction) =>
      noteProven(world, transaction, { id: session, userId: user.id, passwordHash: user.password_hash }),
    );
  }
  return world.clock.nowMicros() + limits.sessionProofMs * 1000;
}

async function byPasskey(
  world: AccountWorld,
  userId: UserId,
  session: SessionId,
  { passkey, site, source }: Omit<SessionProof, "password"> & { readonly source: string },
): Promise<void> {
  const { password_hash: passwordHash } = await getUser(world, userId);
  const isProved = await guardAttempt(world.throttle, throttleKey("passkey", source), () =>
    // Commits refusals too, to keep the warning of a copied passkey.
    inTransaction(world.shards.ofId(userId).db, async (transaction) => {
      if (passkey === undefined) return undefined;
      const refused = await takePasskey(world, transaction, userId, { assertion: passkey, site, use: "sign-in" });
      if (refused !== undefined) return undefined;
      await noteProven(world, transaction, { id: session, userId, passwordHash });
      return true;
    }),
  );
  if (isProved === true) return;
  const message =
    "passkey: does not belong to this account, was already used, did not verify you, or took longer than five minutes. Try again.";
  throw new HoldfastError("invalid_field", message, { field: "passkey" });
}
