import { sql } from "kysely";
import type { AccountTables } from "../db/account-tables.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import { notify } from "./notify.ts";

/** Tells a user of a device that signs in, unless it is the first one; several of one name, as scripts make them, are one notification. */
export async function tellDevice(
  transaction: ShardReader,
  { user_id: userId, id, name, created_at: atMicros }: AccountTables["shard.devices"],
): Promise<void> {
  // Served by the primary key.
  const { rows } = await sql`select from shard.devices where user_id = ${userId} limit 1`.execute(transaction);
  if (rows.length === 0) return;
  const gather = { key: `device ${name}`.slice(0, 200), nodeId: null };
  const detail = { device_id: id, name };
  await notify(transaction, { userId, kind: "device", actor: null, nodeId: null, atMicros, detail, gather });
}
