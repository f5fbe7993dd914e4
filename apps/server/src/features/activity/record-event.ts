import { bucketOf, type EventId, makeId, type SpaceId } from "@holdfast/core/ids";
import type { Clock, Random } from "@holdfast/core/clock";
import { sql } from "kysely";
import type { EventRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

export interface NewEvent extends Pick<EventRow, "verb" | "actor" | "detail"> {
  readonly spaceId: EventRow["space_id"];
  readonly nodeId: EventRow["node_id"];
  readonly deviceId: EventRow["device_id"];
  /** Default: now. */
  readonly atMicros?: number;
}

/**
 * Records an activity that is not in the journal. Runs in the causing transaction on the space's shard. `detail` is
 * shown unchanged to everyone who may see the event.
 */
export async function recordEvent(
  transaction: ShardQueries,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  { spaceId, nodeId, verb, actor, deviceId, detail, atMicros = clock.nowMicros() }: NewEvent,
): Promise<void> {
  const id = makeId<EventId>(bucketOf(spaceId), Math.floor(atMicros / 1000), random(8));
  await sql`
    insert into shard.events (space_id, id, node_id, verb, actor, device_id, at, detail)
    values (${spaceId}, ${id}, ${nodeId}, ${verb}, ${actor}, ${deviceId}, ${atMicros}, ${JSON.stringify(detail)}::jsonb)
  `.execute(transaction);
  await notifyWebhooks(transaction, { spaceId, at: atMicros, id });
}

export const hookedEventKind = "webhook_event";

/** Costs one query if the space has no webhooks. */
async function notifyWebhooks(
  transaction: ShardQueries,
  event: { readonly spaceId: SpaceId; readonly at: number; readonly id: EventId },
): Promise<void> {
  const { rows } = await sql`select from shard.spaces where id = ${event.spaceId} and hooked`.execute(transaction);
  if (rows.length > 0) await enqueue(transaction, { kind: hookedEventKind, key: event.id, payload: event });
}
