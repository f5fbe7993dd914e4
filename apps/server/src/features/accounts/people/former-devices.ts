import { type DeviceId, isId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { ReadShards } from "../../../base/db/shards.ts";

/** Keeps the names for the history. @returns owner of each device */
export async function removeDevices(
  db: ShardQueries,
  nowMicros: number,
  which: RawBuilder<unknown>,
): Promise<UserId[]> {
  const { rows } = await sql<{ user_id: UserId }>`
    with gone as (delete from shard.devices where ${which} returning user_id, id, name)
    insert into shard.former_devices (user_id, device_id, name, removed_at)
    select user_id, id, name, ${nowMicros}::int8 from gone
    on conflict (user_id, device_id) do update set name = excluded.name, removed_at = excluded.removed_at
    returning user_id`.execute(db);
  return rows.map(({ user_id: userId }) => userId);
}

/** Scripts that sign in for each run would add names without limit. */
export async function forgetOldestNames(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`
    delete from shard.former_devices where user_id = ${userId} and device_id in (
      select device_id from shard.former_devices where user_id = ${userId}
      order by removed_at desc, device_id desc offset ${limits.devicesMax})`.execute(transaction);
}

export async function readDeviceNames(
  shards: ReadShards,
  userId: UserId,
  given: readonly (string | null)[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(given.filter((id) => id !== null && isId(id)));
  if (ids.size === 0) return new Map();
  const { rows } = await sql<{ id: DeviceId; name: string }>`
    select id, name from shard.devices where user_id = ${userId} and id = any(${uuidArray([...ids])})
    union all
    select device_id, name from shard.former_devices where user_id = ${userId} and device_id = any(${uuidArray([...ids])})`.execute(
    shards.ofId(userId).db,
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}
