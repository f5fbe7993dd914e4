import { isId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import { readActor } from "../accounts/people/may-read.ts";
import { type Happening, happeningOf } from "../activity/happening.ts";
import { seeEntries } from "../activity/see.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { JournalRow, SpaceRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { type NewNotification, notify } from "../notifications/notify.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { findWatched, type Watched } from "./find-watched.ts";

const watchMessage = z.object({
  spaceId: z.custom<SpaceId>((value) => typeof value === "string" && isId(value)),
});

const entriesMax = 500;

export function watchKind({ shards }: { readonly shards: Shards }): Kind<z.output<typeof watchMessage>> {
  return {
    schema: watchMessage,
    work: async ({ spaceId }, { signal }) => {
      while (await reportNext(shards, spaceId)) signal.throwIfAborted();
    },
  };
}

/** @returns true if there may be more */
async function reportNext(shards: Shards, spaceId: SpaceId): Promise<boolean> {
  const { db } = shards.ofId(spaceId);
  // Indexes: primary keys.
  const { rows: spaces } = await sql<Pick<SpaceRow, "watched_seq">>`
    select watched_seq from shard.spaces where id = ${spaceId}`.execute(db);
  const reportedSeq = spaces[0]?.watched_seq ?? null;
  if (reportedSeq === null) return false;
  const { rows: entries } = await sql<JournalRow>`
    select * from shard.journal where space_id = ${spaceId} and seq > ${reportedSeq} order by seq limit ${entriesMax}`.execute(
    db,
  );
  const last = entries.at(-1);
  if (last === undefined) return false;
  const notifications = await notificationsOf(shards, await findWatched(db, spaceId, entries));
  await inTransaction(db, async (transaction) => {
    // Another process may have reported these entries.
    const { numAffectedRows } = await sql`
      update shard.spaces set watched_seq = ${last.seq} where id = ${spaceId} and watched_seq = ${reportedSeq}`.execute(
      transaction,
    );
    if (numAffectedRows === 1n) for (const each of notifications) await notify(transaction, each);
  });
  return entries.length === entriesMax;
}

async function notificationsOf(shards: Shards, watched: readonly Watched[]): Promise<NewNotification[]> {
  const all: NewNotification[] = [];
  for (const [userId, mine] of Map.groupBy(watched, (each) => each.userId)) {
    const actor = await readActor(shards, userId);
    if (actor === undefined) continue;
    const entries = mine.map(({ entry }) => entry);
    const seen = await seeEntries(shards, actor, entries);
    const gathered = new Map<string, { first: Happening; nodeId: NodeId; happenings: Happening[] }>();
    for (const { entry, nodeId } of mine) {
      const happening = happeningOf(entry, seen);
      if (happening === undefined) continue;
      const key = `${nodeId} ${entry.actor}`;
      const known = gathered.get(key);
      if (known === undefined) gathered.set(key, { first: happening, nodeId, happenings: [happening] });
      else known.happenings.push(happening);
    }
    for (const { nodeId, happenings } of gathered.values()) all.push(notificationOf(userId, nodeId, happenings));
  }
  return all;
}

function notificationOf(userId: UserId, watchedId: NodeId, happenings: readonly Happening[]): NewNotification {
  const { entry, node } = happenings.at(-1) as Happening;
  const nodes = new Set(happenings.map((each) => each.node.id));
  // A node that is no longer visible would prevent the notification.
  const isLive = node.path !== undefined;
  return {
    userId,
    kind: "watch",
    actor: entry.actor,
    nodeId: nodes.size === 1 && isLive ? node.id : watchedId,
    atMicros: entry.at,
    detail: { verbs: [...new Set(happenings.map(({ verb }) => verb))], count: nodes.size, name: node.name },
    gather: { key: `watch ${watchedId} ${entry.actor}`, nodeId: watchedId },
  };
}
