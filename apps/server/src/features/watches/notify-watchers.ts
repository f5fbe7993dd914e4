import { isId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

const id = <Id extends string>() => z.custom<Id>((value) => typeof value === "string" && isId(value));

/** Event that is not in the journal. */
export const watchedEvent = z.object({
  spaceId: id<SpaceId>(),
  nodeId: id<NodeId>(),
  verb: z.enum(["shared", "unshared", "linked"]),
  actor: id<UserId>(),
  atMicros: z.int(),
});
export type WatchedEvent = z.output<typeof watchedEvent>;

/**
 * Queues an event for watchers who may share the node, in the causing transaction. Costs one query if nobody watches
 * the space.
 */
export async function notifyWatchers(transaction: ShardQueries, event: WatchedEvent): Promise<void> {
  const { rows } = await sql`
    select from shard.spaces where id = ${event.spaceId} and watched_seq is not null`.execute(transaction);
  if (rows.length > 0) await enqueue(transaction, { kind: "watched_event", payload: event });
}
