import type { Clock } from "@holdfast/core/clock";
import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";

interface AbsenceChange {
  readonly disabled?: boolean | undefined;
  readonly byLdap?: true | undefined;
}

/**
 * Records accounts suspended because the LDAP server no longer lists them; these return automatically. A change by an
 * administrator deletes the record, so a deliberate suspension stays.
 * @param now account, read under its lock
 * @returns true if the change should be made
 */
export async function followAbsence(
  transaction: ShardQueries,
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
