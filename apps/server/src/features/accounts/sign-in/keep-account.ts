import { HoldfastError } from "@holdfast/core/errors";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { enqueue } from "../../../base/queue/enqueue.ts";
import { isRemovedSince } from "../people/removed-since.ts";
import { ownerStateKind } from "../people/users.ts";

/** Read under the row's lock. */
export type LeavingState = Pick<UserRow, "disabled_at" | "leaving_until">;

/**
 * Restores a leaving account if its proved owner wants it.
 * @returns true if restored
 * @throws HoldfastError account_leaving if not wanted
 */
export async function keepIfLeaving(
  transaction: ShardQueries,
  { id }: Pick<UserRow, "id">,
  { disabled_at: disabledAt, leaving_until: until }: LeavingState,
  keeps: boolean,
): Promise<boolean> {
  if (disabledAt === null || until === null) return false;
  // An identity system removed the account, so only an administrator restores it.
  if (await isRemovedSince(transaction, { id, disabled_at: disabledAt })) return false;
  if (!keeps) {
    const day = formatTime(until);
    const message = `This account is being deleted and will be permanently deleted after ${day.slice(0, 10)}. Sign in with keep_account to restore it.`;
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
 * Rejects a disabled account, or a leaving one that is not wanted, before a one-time recovery code or issuer answer is
 * used. `keepIfLeaving` decides under the lock.
 * @throws HoldfastError forbidden, account_leaving
 */
export async function assertOpen(reader: ShardQueries, user: UserRow, keeps: boolean): Promise<void> {
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
