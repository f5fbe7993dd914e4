import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { AccountStore } from "../accounts/context/account-world.ts";

/**
 * Takes one mail from the account's hourly limit: a bucket in the database that refills evenly, shared by all
 * processes. Unlimited mails would get the server classified as a spammer.
 * @param to "itself" confirms the account's own address, the only mail allowed before confirmation
 * @returns false at the limit, for a suspended account, and to others for an unconfirmed account
 */
export async function mayCauseMail(
  store: AccountStore,
  userId: UserId,
  to: "others" | "itself" = "others",
): Promise<boolean> {
  const now = store.clock.nowMicros();
  const perMicro = limits.mailsCausedHourMax / 3600e6;
  const level = sql`greatest(0, a.level - greatest(0, ${now}::int8 - a.at) * ${perMicro}::float8)`;
  const { rows } = await sql`
    insert into shard.mail_allowances as a (user_id, level, at)
    select id, 1, ${now}::int8 from shard.users where id = ${userId} and disabled_at is null
      ${to === "itself" ? sql`` : sql`and email_confirmed_at is not null`}
    on conflict (user_id) do update set level = ${level} + 1, at = greatest(a.at, excluded.at)
    where ${level} + 1 <= ${limits.mailsCausedHourMax}::float8
    returning 1`.execute(store.shards.ofId(userId).db);
  return rows.length > 0;
}
