import type { AccountStore } from "../accounts/context/account-world.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { sql } from "kysely";

/** Sets the quota from the LDAP server. Without a value, nothing changes. */
export async function followQuota(store: AccountStore, user: UserRow, quotaBytes: number | undefined): Promise<void> {
  if (quotaBytes === undefined) return;
  const { rows } = await sql`
    select from shard.spaces where id = ${user.space_id} and quota_fixed and quota_bytes = ${quotaBytes}`.execute(
    store.shards.ofId(user.space_id).db,
  );
  if (rows.length === 0) await updateUser(store, user.id, { quotaBytes });
}
