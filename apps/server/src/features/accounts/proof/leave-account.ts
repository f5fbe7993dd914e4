import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId } from "@holdfast/core/ids";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { enqueue } from "../../../base/queue/enqueue.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { unlessLastAdministrator } from "../people/administrators.ts";
import type { Caller } from "../context/caller.ts";
import { assertLive } from "../callers/live-session.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { endPersonalTokens } from "../people/personal-tokens.ts";
import { proveOwner } from "./prove-password.ts";
import { withCode } from "../factors/second-factor.ts";
import { ownerStateKind } from "../people/users.ts";

export interface LeaveProof {
  readonly password?: string | undefined;
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
}

/**
 * Suspends the account: all credentials end, and nobody sees its contents. A sign-in before the deadline restores it;
 * afterwards it is shredded.
 * @returns deadline in microseconds
 * @throws HoldfastError forbidden for a token, proof_required, invalid_field, second_factor, rate_limited; conflict for
 * the last administrator; unauthenticated
 */
export async function leaveAccount(
  world: AccountWorld,
  caller: Caller,
  { password, totp, passkey, site }: LeaveProof,
  source: string,
): Promise<number> {
  const { credential } = caller;
  if (credential.kind !== "session")
    throw new HoldfastError(
      "forbidden",
      "A personal access token cannot delete an account. Sign in with the password.",
    );
  const user = await proveOwner(world, caller, { password, field: "password" }, source);
  const now = world.clock.nowMicros();
  const until = now + world.graceMs * 1000;
  const by = { totp, passkey, site, sender: "known" } as const;
  const change = () =>
    withCode(world, user.id, by, (transaction) =>
      leave(world, transaction, user, { now, until, session: credential.id }),
    );
  await unlessLastAdministrator(
    world,
    user,
    change,
    " To remove the whole server, stop it and delete its data folder.",
  );
  return until;
}

async function leave(
  world: AccountWorld,
  transaction: ShardQueries,
  user: UserRow,
  { now, until, session }: { readonly now: number; readonly until: number; readonly session: SessionId },
): Promise<void> {
  const { rows } = await sql`
    update shard.users set disabled_at = ${now}::int8, leaving_until = ${until}::int8
    where id = ${user.id} and disabled_at is null and password_hash = ${user.password_hash} returning 1`.execute(
    transaction,
  );
  if (rows.length === 0)
    throw new HoldfastError("conflict", "The account or its password was changed in the meantime. Sign in again.");
  await assertLive(transaction, session);
  await endAccess(transaction, user);
  await world.notifyLeaving?.(transaction, user, until);
}

/** Runs with the suspension of a leaving account, so that no old credential works after a restore. */
export async function endAccess(transaction: ShardQueries, { id }: Pick<UserRow, "id">): Promise<void> {
  await transaction.deleteFrom("shard.sessions").where("user_id", "=", id).execute();
  await endPersonalTokens(transaction, id);
  await enqueue(transaction, { kind: ownerStateKind, key: id, payload: { user_id: id } });
}
