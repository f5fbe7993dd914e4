import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import { enqueue } from "../queue/enqueue.ts";
import { isRemovedSince } from "./removed-since.ts";
import { ownerStateKind } from "./users.ts";

/** How an account stands as its row has it, locked. */
export type LeavingState = Pick<UserRow, "disabled_at" | "leaving_until">;

/**
 * Of somebody who has proved to be the owner: an account that is leaving comes back where that is wanted.
 * @returns whether it did
 * @throws HoldfastError account_leaving where it was not asked for
 */
export async function keepIfLeaving(
  transaction: ShardReader,
  { id }: Pick<UserRow, "id">,
  { disabled_at: disabledAt, leaving_until: until }: LeavingState,
  keeps: boolean,
): Promise<boolean> {
  if (disabledAt === null || until === null) return false;
  // Whom an identity system has removed does not come back alone.
  if (await isRemovedSince(transaction, { id, disabled_at: disabledAt })) return false;
  if (!keeps) {
    const day = formatTime(until);
    const message = `This account is being deleted and will be gone permanently after ${day.slice(0, 10)}. Sign in with keep_account to restore it.`;
    throw new HoldfastError("account_leaving", message, { body: { until: day } });
  }
  const { rows } = await sql`
    update shard.users set disabled_at = null, leaving_until = null
    where id = ${id} and leaving_until is not null
      and not exists (select from shard.shreddings where user_id = ${id}) returning 1`.execute(transaction);
  if (rows.length === 0) return false;
  await enqueue(transaction, { kind: ownerStateKind, key: id, payload: { user_id: id } });
  return true;
}

/**
 * Refuses an account that is disabled, or leaving and not wanted back, and changes nothing: a recovery code or an answer of an issuer counts once, so it is taken
 * after this. `keepIfLeaving` decides under the lock.
 * @throws HoldfastError forbidden, account_leaving
 */
export async function assertOpen(reader: ShardReader, user: UserRow, keeps: boolean): Promise<void> {
  if (user.disabled_at === null) return;
  if (!keeps) await keepIfLeaving(reader, user, user, false);
  else if (user.leaving_until !== null && !(await isRemovedSince(reader, user))) return;
  throw accountDisabled();
}

export function accountDisabled(): HoldfastError {
  return new HoldfastError(
    "forbidden",
    "This account is disabled. An administrator can enable it: 'holdfast admin users enable EMAIL'.",
  );
}
