import type { Clock } from "@holdfast/core/clock";
import { sql } from "kysely";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";

interface AbsenceChange {
  readonly disabled?: boolean | undefined;
  readonly byLdap?: true | undefined;
}

/**
 * Keeps who was suspended as the LDAP server knew them no more: these come back by themselves. What an administrator says of an account takes
 * that away, so that nobody whom one keeps out comes back.
 * @param now as the account is, under its lock
 * @returns whether the change is to be made
 */
export async function followAbsence(
  transaction: ShardReader,
  { id, disabled_at: disabledAt }: Pick<UserRow, "id" | "disabled_at">,
  { disabled, byLdap }: AbsenceChange,
  clock: Clock,
): Promise<boolean> {
  if (byLdap === true && disabled === true) {
    if (disabledAt !== null) return false;
    await sql`insert into shard.ldap_absences (user_id, since) values (${id}, ${clock.nowMicros()})
      on conflict do nothing`.execute(transaction);
    return true;
  }
  const { rows } = await sql`
    delete from shard.ldap_absences where user_id = ${id} returning 1`.execute(transaction);
  return byLdap !== true || rows.length > 0;
}
