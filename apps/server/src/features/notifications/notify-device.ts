import { sql } from "kysely";
import { countryOf } from "../accounts/sign-in/address-country.ts";
import type { AccountTables } from "../../base/db/account-tables.ts";
import { keyed } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { notify } from "./notify.ts";

/** New devices per hour with separate notifications; further ones share one. */
const separateMax = 5;
const hourMicros = 3600_000_000;

/** Several devices with one name, for example from scripts, share a notification. */
export async function notifyDevice(transaction: ShardQueries, device: AccountTables["shard.devices"]): Promise<void> {
  const { user_id: userId, id, name, created_at: atMicros, system, address, signed_in_by } = device;
  // Index: the primary key; at most `limits.devicesMax` rows.
  const { rows } = await sql<{ recent: number }>`
    select count(*)::int as recent from shard.devices where user_id = ${userId} and id <> ${id} and created_at > ${atMicros - hourMicros} ${keyed}`.execute(
    transaction,
  );
  const key = (rows[0]?.recent ?? 0) < separateMax ? `device ${name}`.slice(0, 200) : "devices";
  const facts = Object.entries({ system, address, country: await countryOf(address), signed_in_by }).filter(
    ([, fact]) => fact != null,
  );
  const detail = { device_id: id, name, ...Object.fromEntries(facts) };
  const gather = { key, nodeId: null };
  await notify(transaction, { userId, kind: "device", actor: null, nodeId: null, atMicros, detail, gather });
}
