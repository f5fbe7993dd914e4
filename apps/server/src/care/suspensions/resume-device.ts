import { HoldfastError } from "@holdfast/core/errors";
import type { Clock } from "@holdfast/core/clock";
import { type DeviceId, isId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Actor } from "../../tree/actor.ts";
import type { Shards } from "../../base/db/shards.ts";

const freeMicros = 60 * 60_000_000;

export interface ResumingWorld {
  readonly shards: Shards;
  readonly clock: Pick<Clock, "nowMicros">;
}

/**
 * Changes are not counted for an hour, because as many as caused the suspension may be waiting.
 * @param by undefined for an administrator
 * @throws HoldfastError not_found; forbidden for the device itself, because whatever controls it could resume itself
 */
export async function resumeDevice(
  { shards, clock }: ResumingWorld,
  by: Pick<Actor, "userId" | "deviceId">,
  id: string,
  asAdministrator = false,
): Promise<void> {
  const noSuch = () => new HoldfastError("not_found", "There is no such device, or it is not suspended.");
  if (!isId(id)) throw noSuch();
  const deviceId = id as DeviceId;
  if (by.deviceId === deviceId) {
    const message = "A device cannot resume itself. Resume it from another device, or in the web app.";
    throw new HoldfastError("forbidden", message);
  }
  const { db } = shards.ofId(deviceId);
  // Uses the primary key, or scans the few rows.
  const { rows } = await sql<{ user_id: UserId }>`
    select user_id from shard.suspensions
    where device_id = ${deviceId} and (user_id = ${by.userId} or ${asAdministrator}::boolean)`.execute(db);
  const [row] = rows;
  if (row === undefined) throw noSuch();
  const freeUntil = clock.nowMicros() + freeMicros;
  // The suspension is deleted last, so that a repeated request continues after a crash.
  for (const shard of shards.all()) {
    await sql`
      update shard.device_brakes set counts = '[]', known = 0, free_until = ${freeUntil}, suspended_at = null
      where device_id = ${deviceId}`.execute(shard.db);
  }
  await sql`
    delete from shard.suspensions where user_id = ${row.user_id} and device_id = ${deviceId}`.execute(db);
}
