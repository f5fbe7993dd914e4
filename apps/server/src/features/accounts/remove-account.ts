import { sql } from "kysely";
import type { UserRow } from "../../base/db/account-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import { followAbsence } from "./absences.ts";
import type { AccountWorld } from "./account-world.ts";
import { endAccess } from "./leave-account.ts";
import { isRemovedSince } from "./removed-since.ts";
import { lockUnlessShredded, sparesAdministrators } from "./users.ts";

/**
 * Removes an account at the request of an identity system. It is suspended immediately, and shredded after the grace
 * period of an account that its owner deleted. Until then only an administrator can restore it. Of several removals the
 * first counts.
 * @throws HoldfastError forbidden for an administrator, conflict for an account that is being shredded
 */
export async function removeAccount(world: AccountWorld, user: UserRow): Promise<void> {
  const now = world.clock.nowMicros();
  const until = now + world.graceMs * 1000;
  await inTransaction(world.shards.ofId(user.id).db, async (transaction) => {
    const { admin, id, disabled_at: disabledAt } = await lockUnlessShredded(transaction, user);
    if (admin) throw sparesAdministrators();
    if (await isRemovedSince(transaction, { id, disabled_at: disabledAt })) return;
    // Otherwise the LDAP server would restore the account if it knows it again.
    await followAbsence(transaction, { id, disabled_at: disabledAt }, { disabled: true }, world.clock);
    // An account deleted before keeps its earlier date.
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
