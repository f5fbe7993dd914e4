import { bucketOf, type DeviceId, isId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { z } from "zod";
import { findUser } from "../../features/accounts/context/directory.ts";
import { findAdministrators } from "../../features/accounts/people/administrators.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { notify } from "../../features/notifications/notify.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { rewindCommand } from "../../features/accounts/sign-in/rewind-command.ts";

const id = <Id extends UserId | DeviceId | SpaceId>() =>
  z.custom<Id>((value) => typeof value === "string" && isId(value));

/** Message of a commit whose device exceeded a limit. Times in microseconds since 1970. */
const braked = z.object({
  user_id: id<UserId>(),
  device_id: id<DeviceId>(),
  space_id: id<SpaceId>(),
  since: z.int(),
  reason: z.enum(["rewritten", "deleted"]),
  rewritten: z.int(),
  deleted: z.int(),
  moment: z.int(),
});
type Braked = z.output<typeof braked>;

export interface SuspendingWorld {
  readonly shards: Shards;
  readonly audit: Pick<AuditLog, "recordDurably">;
  readonly kick: (shard: Shard) => void;
}

/** Notifies the account, the owner of the space and the administrators. */
export function suspensionMessages(world: () => SuspendingWorld): Kind<Braked> {
  return {
    schema: braked,
    work: async (message) => {
      const { shards, audit, kick } = world();
      const user = await findUser(shards, message.user_id);
      if (user === undefined || !(await isBraked(shards, message))) return;
      await audit.recordDurably({ bucket: bucketOf(user.id), entry: entryOf(message) });
      const ownerId = await findOwner(shards, message.space_id);
      const others = new Set([...(await findAdministrators(shards)), ...(ownerId === undefined ? [] : [ownerId])]);
      others.delete(user.id);
      const shard = shards.ofId(user.id);
      await inTransaction(shard.db, async (transaction) => {
        const name = await suspend(transaction, message);
        if (name === undefined) return;
        const facts = factsOf(message, name);
        const command = rewindCommand(message.moment);
        await notifyUser(transaction, user.id, message, ownerId === user.id ? { ...facts, command } : facts);
        // They must not see the names of the account's files and devices.
        const account = { name: message.device_id, account: { id: user.id, email: user.email } };
        for (const other of others)
          await notifyUser(transaction, other, message, {
            ...facts,
            ...account,
            ...(other === ownerId ? { command } : {}),
          });
      });
      kick(shard);
    },
  };
}

/** False if the device was resumed while the message waited. Index: primary key. */
async function isBraked(shards: Shards, { space_id: spaceId, device_id: deviceId, since }: Braked): Promise<boolean> {
  const { rows } = await sql`
    select from shard.device_brakes
    where device_id = ${deviceId} and space_id = ${spaceId} and suspended_at = ${since}`.execute(
    shards.ofId(spaceId).db,
  );
  return rows.length > 0;
}

async function findOwner(shards: Shards, spaceId: SpaceId): Promise<UserId | undefined> {
  const { rows } = await sql<{ owner_id: UserId }>`
    select owner_id from shard.spaces where id = ${spaceId}`.execute(shards.ofId(spaceId).db);
  return rows[0]?.owner_id;
}

/** @returns the device's name; undefined if it is already suspended or deleted */
async function suspend(transaction: ShardQueries, message: Braked): Promise<string | undefined> {
  const { rows } = await sql<{ name: string }>`
    with device as (
      select user_id, id, name from shard.devices where user_id = ${message.user_id} and id = ${message.device_id} for share
    ), suspended as (
      insert into shard.suspensions (user_id, device_id, space_id, since, reason, rewritten, deleted, moment)
      select user_id, id, ${message.space_id}::uuid, ${message.since}::int8, ${message.reason}::text, ${message.rewritten}::int8,
        ${message.deleted}::int8, ${message.moment}::int8
      from device on conflict do nothing returning device_id
    )
    select name from device join suspended on suspended.device_id = device.id`.execute(transaction);
  return rows[0]?.name;
}

function factsOf({ device_id, reason, rewritten, deleted, moment }: Braked, name: string) {
  return { suspended: true, device_id, name, reason, rewritten, deleted, moment: formatTime(moment) };
}

async function notifyUser(
  transaction: ShardQueries,
  userId: UserId,
  { user_id: accountId, device_id: deviceId, since }: Braked,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  // Repeated sign-ins create new devices, so other users get one unread notification for each account.
  const key = userId === accountId ? `suspended ${deviceId} ${since}` : `suspended ${accountId}`;
  const gather = { key, nodeId: null };
  await notify(transaction, {
    userId,
    kind: "device",
    actor: null,
    nodeId: null,
    atMicros: since,
    detail: { ...detail },
    gather,
  });
}

function entryOf({ user_id, device_id, reason, rewritten, deleted, since, moment }: Braked) {
  return {
    at: new Date(since / 1000).toISOString(),
    action: "device.suspend",
    result: "ok",
    user_id,
    device_id,
    target: device_id,
    detail: { reason, rewritten, deleted, moment: formatTime(moment) },
  };
}
