import { createHmac } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { DeviceId, HashHex, SpaceId, UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { clearingWords } from "@holdfast/protocol/clearing-proof";
import type { clearing as clearingSchema, deviceRoutes } from "@holdfast/protocol/device-routes";
import { sql } from "kysely";
import type { z } from "zod";
import type { BlockService } from "../../../packs/service/block-service.ts";
import type { ClearingRow } from "../../../base/db/account-tables.ts";
import { hashArray, uuidArray } from "../../../base/db/array-parameters.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { deviceOfSecret, parseDeviceSecret } from "../context/secret-token.ts";

/*
 * A clearing asks a revoked device to remove its copies of files that the server has. The device's credentials are
 * invalid; the secret from its sign-in permits only these two calls.
 */

export async function listClearings(world: AccountWorld, caller: Caller): Promise<z.output<typeof clearingSchema>[]> {
  const rows = await world.shards
    .of(caller.bucket)
    .db.selectFrom("shard.clearings")
    .selectAll()
    .where("user_id", "=", caller.userId)
    .where("removed", "<>", notAsked)
    .orderBy("asked_at", "desc")
    .limit(limits.devicesMax)
    .execute();
  return rows.map(({ device_id, name, asked_at, done_at, removed, kept }) => ({
    device_id,
    name,
    asked_at: formatTime(asked_at),
    done_at: done_at === null ? null : formatTime(done_at),
    removed,
    kept,
  }));
}

/** Devices revoked in the last 90 days without a clearing, newest first. */
export async function listSignedOut(
  { shards, clock }: AccountWorld,
  caller: Caller,
): Promise<{ device_id: DeviceId; name: string; at: string }[]> {
  const since = clock.nowMicros() - limits.journalLifetimeMs * 1000;
  const { rows } = await sql<ClearingRow>`
    select * from shard.clearings where user_id = ${caller.userId} and removed = ${notAsked} and asked_at >= ${since}
    order by asked_at desc limit ${limits.devicesMax}`.execute(shards.of(caller.bucket).db);
  return rows.map(({ device_id, name, asked_at }) => ({ device_id, name, at: formatTime(asked_at) }));
}

/**
 * `removed` of a device revoked without a clearing. Marked done, because earlier versions do not know this value and
 * would request a clearing.
 */
export const notAsked = -1;

/**
 * Runs in the transaction that revokes the devices; a clearing may follow. Browsers have no copies. Drops the oldest of
 * very many.
 */
export async function noteSignedOut(
  transaction: ShardQueries,
  userId: UserId,
  { ids, nowMicros }: { readonly ids: readonly DeviceId[]; readonly nowMicros: number },
): Promise<void> {
  await sql`
    insert into shard.clearings (user_id, device_id, name, asked_at, done_at, removed)
    select user_id, id, name, ${nowMicros}::int8, ${nowMicros}::int8, ${notAsked} from shard.devices
    where user_id = ${userId} and id = any(${uuidArray(ids)}) and not browser
    on conflict do nothing`.execute(transaction);
  await forgetOldest(transaction, userId);
}

/** @returns true if the device was revoked before and is asked only now */
export async function askSignedOut(
  transaction: ShardQueries,
  { userId, id, nowMicros }: { userId: UserId; id: DeviceId; nowMicros: number },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update shard.clearings set asked_at = ${nowMicros}, done_at = null, removed = 0
    where user_id = ${userId} and device_id = ${id} and removed = ${notAsked}`.execute(transaction);
  return numAffectedRows === 1n;
}

/** Runs in the transaction that revokes the device. */
export async function askClearing(
  transaction: ShardQueries,
  { userId, id, name, nowMicros }: { userId: UserId; id: DeviceId; name: string; nowMicros: number },
): Promise<void> {
  await sql`
    insert into shard.clearings (user_id, device_id, name, asked_at) values (${userId}, ${id}, ${name}, ${nowMicros})
    on conflict do nothing`.execute(transaction);
  await forgetOldest(transaction, userId);
}

async function forgetOldest(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`
    delete from shard.clearings where user_id = ${userId} and device_id in (
      select device_id from shard.clearings where user_id = ${userId}
      order by (done_at is null) desc, asked_at desc, device_id desc offset ${limits.devicesMax})`.execute(transaction);
}

type ClearingOrder = z.output<(typeof deviceRoutes.readClearing.responses)[200]>;

/**
 * The proof is keyed with the device's secret: an impostor of the server, with the device's other tokens, cannot forge
 * it.
 * @throws HoldfastError not_found for every fault
 */
export async function readClearing(world: AccountWorld, deviceSecret: string): Promise<ClearingOrder> {
  const row = await findClearing(world, deviceSecret);
  if (row.done_at !== null) throw nothingToDo();
  const facts = {
    device_id: row.device_id,
    account_id: row.user_id,
    server_id: world.secrets.serverId,
    asked_at: formatTime(row.asked_at),
  };
  const proof = createHmac("sha256", deviceSecret).update(clearingWords(facts)).digest("base64url");
  return { ...facts, epoch: (await ownSpaceOf(world, row.user_id))?.epoch, proof };
}

/**
 * Returns contents that the account's own space has as a file's version, trashed or not. Excludes versions newer than
 * the clearing, so that the device's holder learns nothing about them. Empty while a block of the cell is damaged.
 * Index: versions_content.
 * @throws HoldfastError not_found
 */
export async function queryClearing(
  world: AccountWorld,
  blocks: Pick<BlockService, "anyDamaged">,
  { device_secret: secret, content_ids: ids }: { device_secret: string; content_ids: readonly HashHex[] },
): Promise<{ userId: UserId; deviceId: DeviceId; known: HashHex[] }> {
  const row = await findClearing(world, secret);
  const of = { userId: row.user_id, deviceId: row.device_id };
  const space = row.done_at === null ? await ownSpaceOf(world, row.user_id) : undefined;
  if (space === undefined) throw nothingToDo();
  if (await blocks.anyDamaged(space.id)) return { ...of, known: [] };
  const { rows } = await sql<{ id: HashHex }>`
    select encode(asked.id, 'hex') as id from unnest(${hashArray(ids)}) as asked (id) where exists (
      select from shard.versions v join shard.nodes n on n.space_id = v.space_id and n.id = v.node_id
      where v.space_id = ${space.id} and substring(v.content_id from 1 for 8) = substring(asked.id from 1 for 8)
        and v.content_id = asked.id and v.created_at <= ${row.asked_at} and n.purged_at is null)`.execute(
    world.shards.ofId(row.user_id).db,
  );
  return { ...of, known: rows.map(({ id }) => id) };
}

/** Includes the space's epoch, which a restored backup changes. */
async function ownSpaceOf(
  { shards }: Pick<AccountWorld, "shards">,
  userId: UserId,
): Promise<{ readonly id: SpaceId; readonly epoch: string } | undefined> {
  const { db } = shards.ofId(userId);
  return db
    .selectFrom("shard.users as u")
    .innerJoin("shard.spaces as s", "s.id", "u.space_id")
    .select(["s.id", "s.epoch"])
    .where("u.id", "=", userId)
    .executeTakeFirst();
}

/** Idempotent. @throws HoldfastError not_found */
export async function reportClearing(
  world: AccountWorld,
  { device_secret: secret, removed, kept }: { device_secret: string; removed: number; kept: number },
): Promise<UserId> {
  const row = await findClearing(world, secret);
  const { db } = world.shards.ofId(row.user_id);
  await sql`
    update shard.clearings set done_at = ${world.clock.nowMicros()}, removed = ${removed}, kept = ${kept}
    where user_id = ${row.user_id} and device_id = ${row.device_id} and done_at is null`.execute(db);
  return row.user_id;
}

async function findClearing(world: AccountWorld, secret: string): Promise<ClearingRow> {
  const claimed = deviceOfSecret(secret);
  if (claimed === undefined) throw nothingToDo();
  const row = await world.shards
    .ofId(claimed)
    .db.selectFrom("shard.clearings")
    .selectAll()
    .where("device_id", "=", claimed)
    .executeTakeFirst();
  if (row === undefined || parseDeviceSecret(world.secrets.refreshKey, row.user_id, secret) !== claimed) {
    throw nothingToDo();
  }
  return row;
}

function nothingToDo(): HoldfastError {
  return new HoldfastError("not_found", "This device has nothing to remove.");
}
