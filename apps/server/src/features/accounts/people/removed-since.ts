import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";

/** True if the account is suspended because an identity system removed it. A later act sets another time. */
export async function isRemovedSince(
  reader: ShardQueries,
  { id, disabled_at: disabledAt }: Pick<UserRow, "id" | "disabled_at">,
): Promise<boolean> {
  const { rows } = await sql`
    select from shard.provisioned_accounts where user_id = ${id} and removed_at = ${disabledAt}::int8`.execute(reader);
  return rows.length > 0;
}

/**
 * True if an identity system suspended the account. An administrator's suspension or an owner's deletion has another
 * time.
 */
export async function isSuspendedByIdentitySystem(
  reader: ShardQueries,
  { id, disabled_at: disabledAt, leaving_until: leavingUntil }: Pick<UserRow, "id" | "disabled_at" | "leaving_until">,
): Promise<boolean> {
  if (leavingUntil !== null) return false;
  const { rows } = await sql`
    select from shard.provisioned_accounts where user_id = ${id} and suspended_at = ${disabledAt}::int8`.execute(
    reader,
  );
  return rows.length > 0;
}

/** @param atMicros the account's `disabled_at` */
export async function noteSuspension(transaction: ShardQueries, id: UserId, atMicros: number): Promise<void> {
  await sql`
    insert into shard.provisioned_accounts (user_id, suspended_at) values (${id}, ${atMicros}::int8)
    on conflict (user_id) do update set suspended_at = excluded.suspended_at`.execute(transaction);
}
