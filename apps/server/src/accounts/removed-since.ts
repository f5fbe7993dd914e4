import { sql } from "kysely";
import type { UserRow } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";

/** Whether it is suspended because an identity system has removed it, and of nothing that came later. */
export async function isRemovedSince(
  reader: ShardReader,
  { id, disabled_at: disabledAt }: Pick<UserRow, "id" | "disabled_at">,
): Promise<boolean> {
  const { rows } = await sql`
    select from shard.provisioned_accounts where user_id = ${id} and removed_at = ${disabledAt}::int8`.execute(reader);
  return rows.length > 0;
}
