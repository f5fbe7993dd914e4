import { HoldfastError } from "@holdfast/core/errors";
import type { DeviceId, SessionId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountTables } from "../../../base/db/account-tables.ts";
import { uuidKeys } from "../../../base/db/array-parameters.ts";
import { keyed } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { type RulesJson, rulesOfUser } from "../callers/access-rules.ts";
import { notAsked } from "./clearings.ts";

interface Beginning {
  readonly device: Required<AccountTables["shard.devices"]>;
  readonly session: Pick<AccountTables["shard.sessions"], "id" | "number" | "expires_at" | "proven_at">;
  /** Session that authorized the new one. The proof of identity dates from that session. */
  readonly letInBy: SessionId | undefined;
  /** Devices whose secrets were sent, removed ones included. */
  readonly shown: readonly DeviceId[];
}

interface Begun {
  /** A sent device was neither removed nor forgotten. */
  readonly known: boolean;
  /** The account has never signed in. Its devices may all have been removed since. */
  readonly first: boolean;
  readonly devices: number;
  readonly has_factor: boolean;
  readonly access_rules: RulesJson;
}

/**
 * One statement, to save round trips: creates a device and its session, and reads the facts that decide about them. A
 * device that signs in again has its files again, so its clearing ends.
 */
export async function beginSession(
  transaction: ShardQueries,
  { device, session, letInBy, shown }: Beginning,
): Promise<Begun> {
  const user = sql`${device.user_id}::uuid`;
  const { rows } = await sql<Begun>`
    with shown as materialized (select ${uuidKeys(shown)} as ids), known as (
      select from shard.devices where user_id = ${user} and id = any((select ids from shown)::uuid[]) and known limit 1
    ), first as (
      insert into shard.first_sign_ins (user_id, at)
      select ${user}, ${device.created_at}::int8 where not exists (select from known) on conflict do nothing returning 1
    ), withdrawn as (
      delete from shard.clearings where user_id = ${user} and device_id = any((select ids from shown)::uuid[])
        and (done_at is null or removed = ${sql.lit(notAsked)})
    ), device as (
      insert into shard.devices (user_id, id, name, created_at, last_seen_at, browser, kind, system, address, signed_in_by)
      values (${device.user_id}, ${device.id}, ${device.name}, ${device.created_at}, ${device.last_seen_at}, ${device.browser},
        ${device.kind}, ${device.system}, ${device.address}, ${device.signed_in_by})
    ), session as (
      insert into shard.sessions (id, user_id, device_id, number, number_used, created_at, expires_at, proven_at)
      values (${session.id}, ${device.user_id}, ${device.id}, ${session.number}, false, ${device.created_at}, ${session.expires_at},
        case when ${letInBy ?? null}::uuid is null then ${session.proven_at}::int8
          else coalesce((select proven_at from shard.sessions where id = ${letInBy ?? null}::uuid), 0) end)
    )
    select exists (select from known) as known, exists (select from first) as first, ${rulesOfUser} as access_rules,
      exists (select from shard.second_factors f where f.user_id = u.id and f.since is not null) as has_factor,
      (select count(*)::int from shard.devices d where d.user_id = u.id) as devices
    from (select ${user} as id) u ${keyed}`.execute(transaction);
  const [begun] = rows;
  if (begun === undefined) throw new HoldfastError("internal", "The database did not return the result of a sign-in.");
  return begun;
}
