import type { DeviceId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidKeys } from "../../../base/db/array-parameters.ts";
import { keyed } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { parseDeviceSecret } from "../context/secret-token.ts";

export interface KnownDevice {
  readonly id: DeviceId;
  readonly userId: UserId;
}

/** Several for a browser with several accounts. */
export type DeviceSecrets = string | readonly string[] | undefined;

export function devicesOf(
  { secrets }: Pick<AccountWorld, "secrets">,
  userId: UserId,
  given: DeviceSecrets,
): DeviceId[] {
  return [given ?? []].flat().flatMap((secret) => parseDeviceSecret(secrets.refreshKey, userId, secret) ?? []);
}

/** Excludes removed and forgotten ones. Index: the primary key. */
export async function findKnownDevice(
  world: Pick<AccountWorld, "secrets">,
  reader: ShardQueries,
  userId: UserId,
  given: DeviceSecrets,
): Promise<KnownDevice | undefined> {
  const ids = devicesOf(world, userId, given);
  if (ids.length === 0) return undefined;
  const { rows } = await sql<{ id: DeviceId }>`
    select id from shard.devices where user_id = ${userId} and id = any(${uuidKeys(ids)}) and known
    order by id desc limit 1 ${keyed}`.execute(reader);
  return rows[0] === undefined ? undefined : { id: rows[0].id, userId };
}

/** Makes all current devices unknown. They stay listed, so that a stolen one can be cleared. */
export async function forgetDevices(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`update shard.devices set known = false where user_id = ${userId} and known`.execute(transaction);
}
