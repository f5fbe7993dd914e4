import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountStore } from "../context/account-world.ts";

interface Proven {
  readonly id: SessionId;
  readonly userId: UserId;
  /** Hash at the time of the request; a later password change voids the proof. */
  readonly passwordHash: string;
  /** Microseconds; default: now. */
  readonly provenAt?: number;
}

/**
 * Records in a session that its person proved their identity.
 * @throws HoldfastError unauthenticated if the session or the account has ended
 */
export async function noteProven(
  { clock }: Pick<AccountStore, "clock">,
  transaction: ShardQueries,
  { id, userId, passwordHash, provenAt = clock.nowMicros() }: Proven,
): Promise<void> {
  const { rows } = await sql`
    update shard.sessions s set proven_at = ${provenAt}::int8
    from shard.users u
    where s.id = ${id} and s.user_id = ${userId} and s.expires_at > ${clock.nowMicros()}::int8
      and u.id = s.user_id and u.disabled_at is null and u.password_hash = ${passwordHash}
    returning 1`.execute(transaction);
  if (rows.length === 0) throw new HoldfastError("unauthenticated", "The session has ended. Sign in again.");
}
