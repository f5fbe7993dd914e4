import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime, parseTime } from "@holdfast/core/times";
import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import { sql } from "kysely";
import { z } from "zod";
import { readPeople } from "../accounts/people/people.ts";
import type { NotificationRow } from "../../base/db/account-tables.ts";
import type { ReadShards, Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";

const notificationCursor = z.tuple([z.int()]);

export interface NotificationsRequest {
  readonly unread?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/**
 * Newest first. A device does not see its own sign-in.
 * @throws HoldfastError bad_request for a cursor of another list
 */
export async function listNotifications(
  shards: ReadShards,
  caller: Actor,
  request: NotificationsRequest,
): Promise<{ items: NotificationJson[]; next_cursor: string | null }> {
  const limit = request.limit ?? limits.notificationsPageMax;
  const before = request.cursor === undefined ? undefined : decodeCursor(notificationCursor, request.cursor)[0];
  // Index: primary key.
  const { rows } = await sql<NotificationRow & { read: boolean }>`
    select n.*, n.number <= h.read_to as read
    from shard.notification_heads h join shard.notifications n on n.user_id = h.user_id
    where h.user_id = ${caller.userId} ${before === undefined ? sql`` : sql`and n.number < ${before}`}
      ${request.unread === true ? sql`and n.number > h.read_to` : sql``}
      and (n.kind <> 'device' or n.detail ->> 'device_id' is null
        or n.detail ->> 'device_id' is distinct from ${caller.deviceId}::text)
    order by n.number desc limit ${limit + 1}`.execute(shards.of(caller.bucket).db);
  const page = rows.slice(0, limit);
  const actors = page.flatMap(({ actor }) => (actor === null ? [] : [actor]));
  const personOf = await readPeople(shards, actors);
  const nodeIds = new Set(page.flatMap(({ node_id: nodeId }) => (nodeId === null ? [] : [nodeId])));
  const seen = await findNodes(shards, caller, [...nodeIds]);
  const last = page.at(-1);
  return {
    items: page.map(({ id, at, kind, read, actor, node_id: nodeId, detail }) => {
      const node = nodeId === null ? undefined : seen.get(nodeId);
      const json: NotificationJson = { id, at: formatTime(at), kind, read, detail };
      if (actor !== null) json.actor = personOf(actor);
      if (node !== undefined) json.node = shown(node);
      return json;
    }),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor([last.number]) : null,
  };
}

/**
 * @param upTo a time, or a notification's id, whose time counts even if later ones were gathered with it
 * @returns number of unread ones
 * @throws HoldfastError invalid_field
 */
export async function markRead(shards: Shards, { userId, bucket }: Actor, upTo: string): Promise<number> {
  const { db } = shards.of(bucket);
  const micros = isId(upTo) ? timeOfId(upTo) : timeOf(upTo);
  const { rows } = await sql<{ unread: number }>`
    with marked as (
      update shard.notification_heads h set read_to = greatest(h.read_to, coalesce(
        (select n.number from shard.notifications n where n.user_id = h.user_id and n.id::text = ${upTo}),
        (select max(n.number) from shard.notifications n where n.user_id = h.user_id and n.at <= ${micros}), 0))
      where h.user_id = ${userId} returning h.read_to
    )
    select count(*)::int as unread from marked join shard.notifications n on n.user_id = ${userId} and n.number > marked.read_to
  `.execute(db);
  return rows[0]?.unread ?? 0;
}

/** End of the millisecond in which the id was created. */
function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) * 1000 + 999;
}

function timeOf(text: string): number {
  try {
    return parseTime(text, "up_to");
  } catch (cause) {
    const message = "up_to: is neither the ID of a notification nor a time.";
    throw new HoldfastError("invalid_field", message, { field: "up_to", cause });
  }
}

function shown({ row, path }: PlacedNode): NonNullable<NotificationJson["node"]> {
  return { id: row.id, name: row.name, ...(row.trashed_at === null ? { path } : {}) };
}
