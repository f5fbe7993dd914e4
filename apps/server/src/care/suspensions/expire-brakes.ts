import { sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";

/** Far longer than any counted period, and than a message is queued. */
const keptMicros = 7 * 24 * 3600_000_000;

/** Deletes old counts of devices, and suspensions of deleted devices. Each device has only a few rows. */
export async function expireBrakes(shards: Shards, nowMicros: number): Promise<void> {
  for (const { db } of shards.all()) {
    await sql`delete from shard.device_brakes where touched_at < ${nowMicros - keptMicros}`.execute(db);
    await sql`
      delete from shard.suspensions s where not exists (
        select from shard.devices d where d.user_id = s.user_id and d.id = s.device_id)`.execute(db);
  }
}
