import { HoldfastError } from "@holdfast/core/errors";
import { type DeviceId, isId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { device as deviceSchema } from "@holdfast/protocol/device-routes";
import { type Kysely, sql } from "kysely";
import type { z } from "zod";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import type { SuspensionRow } from "../../../base/db/suspension-tables.ts";
import { countryOf } from "./address-country.ts";
import { askClearing, askSignedOut, noteSignedOut } from "./clearings.ts";
import { forgetOldestNames, removeDevices } from "../people/former-devices.ts";
import { kindOf } from "../callers/live-callers.ts";
import { rewindCommand } from "./rewind-command.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";

export async function listDevices(world: AccountWorld, caller: Caller): Promise<z.output<typeof deviceSchema>[]> {
  const rows = await world.shards
    .of(caller.bucket)
    .db.selectFrom("shard.devices as d")
    .leftJoin("shard.suspensions as s", (join) =>
      join.onRef("s.user_id", "=", "d.user_id").onRef("s.device_id", "=", "d.id"),
    )
    .selectAll("d")
    .select(["s.since", "s.reason", "s.rewritten", "s.deleted", "s.moment", "s.space_id"])
    .where("d.user_id", "=", caller.userId)
    .orderBy("d.id")
    .execute();
  const countries = await Promise.all(rows.map(({ address }) => countryOf(address)));
  return rows.map((row, index) => ({
    id: row.id,
    name: row.name,
    created_at: formatTime(row.created_at),
    last_seen_at: row.last_seen_at === null ? null : formatTime(row.last_seen_at),
    current: row.id === caller.deviceId,
    browser: row.browser,
    kind: kindOf(row),
    system: row.system ?? null,
    address: row.address ?? null,
    country: countries[index] ?? null,
    signed_in_by: row.signed_in_by ?? null,
    suspended: suspensionOf(row, caller),
  }));
}

type Suspended = { readonly [Name in keyof SuspensionRow]: SuspensionRow[Name] | null };

/** Only the space's owner gets the command to undo the changes. */
function suspensionOf(
  row: Pick<Suspended, "since" | "reason" | "rewritten" | "deleted" | "moment" | "space_id">,
  caller: Pick<Caller, "spaceId">,
): z.output<typeof deviceSchema>["suspended"] {
  const { since, reason, rewritten, deleted, moment, space_id: spaceId } = row;
  if (since === null || reason === null || moment === null) return null;
  const counts = { rewritten: rewritten ?? 0, deleted: deleted ?? 0 };
  const command = spaceId === caller.spaceId ? { command: rewindCommand(moment) } : {};
  return { since: formatTime(since), reason, ...counts, moment: formatTime(moment), ...command };
}

/** Scripts may sign in for each run. Removes the devices not seen for longest. */
export async function forgetSurplusDevices(
  transaction: Kysely<ShardTables>,
  userId: UserId,
  nowMicros: number,
): Promise<void> {
  const { rows } = await sql<{ id: DeviceId }>`
    select id from shard.devices where user_id = ${userId}
    order by coalesce(last_seen_at, created_at) desc, id desc offset ${limits.devicesMax}`.execute(transaction);
  if (rows.length === 0) return;
  const surplus = uuidArray(rows.map(({ id }) => id));
  await sql`
    with suspended as (delete from shard.suspensions where user_id = ${userId} and device_id = any(${surplus}))
    delete from shard.sessions where user_id = ${userId} and device_id = any(${surplus})`.execute(transaction);
  await removeDevices(transaction, nowMicros, sql`user_id = ${userId} and id = any(${surplus})`);
  await forgetOldestNames(transaction, userId);
}

/**
 * Ends the device's sessions in the same transaction, including the caller's own.
 * @param removesCopies requests a clearing, even of a device revoked before
 * @throws HoldfastError not_found; invalid_field for a browser
 */
export async function deleteDevice(
  world: AccountWorld,
  caller: Caller,
  id: string,
  { removesCopies = false, isReplaced = false } = {},
): Promise<void> {
  if (!isId(id)) throw new HoldfastError("not_found", "There is no such device.");
  const deviceId = id as DeviceId;
  const nowMicros = world.clock.nowMicros();
  await inTransaction(world.shards.of(caller.bucket).db, async (transaction) => {
    if (removesCopies && (await askSignedOut(transaction, { userId: caller.userId, id: deviceId, nowMicros }))) return;
    // A device that signs itself out or in again forgets its secret, so it cannot be asked.
    if (!removesCopies && !isReplaced && deviceId !== caller.deviceId)
      await noteSignedOut(transaction, caller.userId, { ids: [deviceId], nowMicros });
    const found = await transaction
      .selectFrom("shard.devices")
      .select(["name", "browser"])
      .where("user_id", "=", caller.userId)
      .where("id", "=", deviceId)
      .forUpdate()
      .executeTakeFirst();
    if (found === undefined) throw new HoldfastError("not_found", "There is no such device.");
    if (removesCopies) await askCopies(world, transaction, caller.userId, { ...found, id: deviceId });
    await removeDevices(transaction, nowMicros, sql`user_id = ${caller.userId} and id = ${deviceId}`);
    await forgetOldestNames(transaction, caller.userId);
    await transaction
      .deleteFrom("shard.suspensions")
      .where("user_id", "=", caller.userId)
      .where("device_id", "=", deviceId)
      .execute();
    await transaction
      .deleteFrom("shard.sessions")
      .where("user_id", "=", caller.userId)
      .where("device_id", "=", deviceId)
      .execute();
  });
  world.onEnded?.(caller.spaceId);
}

async function askCopies(
  world: AccountWorld,
  transaction: Kysely<ShardTables>,
  userId: UserId,
  { browser, ...device }: { readonly id: DeviceId; readonly name: string; readonly browser: boolean },
): Promise<void> {
  if (browser) {
    const message =
      "A browser does not sync folders: only devices that were signed in with the command can remove copies.";
    throw new HoldfastError("invalid_field", message, { field: "remove_copies" });
  }
  await askClearing(transaction, { userId, ...device, nowMicros: world.clock.nowMicros() });
}

/** With `keepsCurrent`, keeps the caller's device. A personal access token has none, so all devices are removed. */
export async function deleteDevices(world: AccountWorld, caller: Caller, keepsCurrent: boolean): Promise<void> {
  const kept = keepsCurrent ? caller.deviceId : null;
  await inTransaction(world.shards.of(caller.bucket).db, async (transaction) => {
    // A running sign-in holds this lock; later statements see its session.
    await transaction.selectFrom("shard.users").select("id").where("id", "=", caller.userId).forUpdate().execute();
    const { rows: ended } = await sql<{ id: DeviceId }>`
      select id from shard.devices where user_id = ${caller.userId} and id is distinct from ${caller.deviceId}`.execute(
      transaction,
    );
    const ids = ended.map(({ id }) => id);
    const nowMicros = world.clock.nowMicros();
    await noteSignedOut(transaction, caller.userId, { ids, nowMicros });
    for (const table of ["shard.sessions", "shard.suspensions"]) {
      await sql`
        delete from ${sql.table(table)} where user_id = ${caller.userId} and device_id is distinct from ${kept}`.execute(
        transaction,
      );
    }
    await removeDevices(transaction, nowMicros, sql`user_id = ${caller.userId} and id is distinct from ${kept}`);
    await forgetOldestNames(transaction, caller.userId);
  });
  world.onEnded?.(caller.spaceId);
}
