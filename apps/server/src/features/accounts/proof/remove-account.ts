import { sql } from "kysely";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import { followAbsence } from "../people/absences.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { endAccess } from "./leave-account.ts";
import { isRemovedSince } from "../people/removed-since.ts";
import { lockUnlessShredded, sparesAdministrators } from "../people/users.ts";

/**
 * Suspends an account at the request of an identity system and shreds it after the grace period; until then only an
 * administrator can restore it. The first of several removals counts.
 * @throws HoldfastError forbidden for an administrator, conflict for an account that is being shredded
 */
export async function removeAccount(world: AccountWorld, user: UserRow): Promise<void> {
  const now = world.clock.nowMicros();
  const until = now + world.graceMs * 1000;
  await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    const { admin, id, disabled_at: disabledAt } = await lockUnlessShredded(transaction, user);
    if (admin) throw sparesAdministrators();
    if (await isRemovedSince(transaction, { id, disabled_at: disabledAt })) return;
    // Otherwise the LDAP server could restore the account.
    await followAbsence(transaction, { id, disabled_at: disabledAt }, { disabled: true }, world.clock);
    // An account deleted earlier keeps its date.
    await sql`
      update shard.users set disabled_at = ${now}::int8, leaving_until = least(leaving_until, ${until}::int8)
      where id = ${id}`.execute(transaction);
    await sql`
      insert into shard.provisioned_accounts (user_id, removed_at) values (${id}, ${now}::int8)
      on conflict (user_id) do update set removed_at = excluded.removed_at`.execute(transaction);
    await endAccess(transaction, user);
  });
  world.queued?.(user.id);
  world.onEnded?.(user.space_id);
}
