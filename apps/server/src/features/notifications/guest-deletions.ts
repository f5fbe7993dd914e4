import type { Clock } from "@holdfast/core/clock";
import { bucketOf, isId, makeId, type MessageId, type NodeId, type SpaceId, type UserId } from "@holdfast/core/ids";
import { formatTime, parseTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { z } from "zod";
import { findReadable, readActor } from "../accounts/people/may-read.ts";
import { rewindCommand } from "../accounts/sign-in/rewind-command.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { countBelow } from "../../tree/commit/count-below.ts";
import { readLineages } from "../../tree/read/lineages.ts";
import type { Kind } from "../../base/queue/kind.ts";
import { notificationKind, type NotificationWorld } from "./notification-kind.ts";

const id = <Id extends string>() => z.custom<Id>((value) => typeof value === "string" && isId(value));
const guest = z.object({ space_id: id<SpaceId>(), actor: id<UserId>() });
type Guest = z.output<typeof guest>;

const hourMicros = 3600_000_000;
/** Number of deletions within an hour after which the owner is notified, and again after twice as many. */
const notifiedMin = 20;
/** Maximum number of journal entries to search, and of nodes to count. */
const entriesMax = 20_000;
const countedMax = 100_000;

/** Notifies a space's owner when a guest deletes many files in one share, with the command to restore them. */
export function guestDeletionsMessages(world: () => NotificationWorld & { readonly clock: Clock }): Kind<Guest> {
  return {
    schema: guest,
    work: async (message, context) => {
      const { shards, clock } = world();
      const sinceMicros = clock.nowMicros() - hourMicros;
      const ownerId = await findOwner(shards, message.space_id);
      if (ownerId === undefined) return;
      const deletions = await readDeletions(shards, message, sinceMicros);
      const shares = await readShares(shards, message, deletions);
      for (const [share, inShare] of Map.groupBy(deletions, (each) => shares.get(each.from_parent))) {
        if (share === undefined) continue;
        const notification = await noticeOf(shards, { ...message, ownerId, share, sinceMicros }, inShare);
        if (notification === undefined) continue;
        const messageId = makeId<MessageId>(bucketOf(ownerId), clock.nowMs(), world().random(8));
        await notificationKind(world()).work(notification, { ...context, id: messageId });
      }
    },
  };
}

interface Deletion {
  readonly node_id: NodeId;
  readonly from_parent: NodeId;
  readonly at: number;
}

async function findOwner(shards: Shards, spaceId: SpaceId): Promise<UserId | undefined> {
  const { rows } = await sql<{ owner_id: UserId }>`
    select owner_id from shard.spaces where id = ${spaceId}`.execute(shards.ofId(spaceId).db);
  return rows[0]?.owner_id;
}

/** Finds the guest's deletions that are still in the trash. Indexes: primary keys. */
async function readDeletions(shards: Shards, message: Guest, sinceMicros: number): Promise<Deletion[]> {
  const { rows } = await sql<Deletion>`
    select j.node_id, j.from_parent, max(j.at)::int8 as at
    from (
      select space_id, node_id, actor, kind, at, from_parent, from_trashed_at, of_mount, rewind_id from shard.journal
      where space_id = ${message.space_id} order by seq desc limit ${entriesMax}
    ) j join shard.nodes n on n.space_id = j.space_id and n.id = j.node_id
    where j.actor = ${message.actor} and j.kind = 'gone' and j.at > ${sinceMicros} and j.from_parent is not null
      and j.from_trashed_at is null and not j.of_mount and j.rewind_id is null and n.trashed_at is not null
    group by j.node_id, j.from_parent`.execute(shards.ofId(message.space_id).db);
  return rows;
}

/**
 * Finds, for each deletion, the topmost ancestor that is shared with the guest; if the guest has left the share, the
 * folder in the root.
 */
async function readShares(
  shards: Shards,
  { space_id: spaceId, actor }: Guest,
  deletions: readonly Deletion[],
): Promise<ReadonlyMap<NodeId, NodeId>> {
  const shard: Shard = shards.ofId(spaceId);
  const grantees = (await readActor(shards, actor))?.grantees ?? [actor];
  const { rows: grants } = await sql<{ node_id: NodeId }>`
    select node_id from shard.grants where space_id = ${spaceId} and grantee_id = any(${uuidArray(grantees)})`.execute(
    shard.db,
  );
  const granted = new Set(grants.map(({ node_id: nodeId }) => nodeId));
  const folders = new Set(deletions.map((each) => each.from_parent));
  type Above = { readonly id: NodeId; readonly parent_id: NodeId | null };
  const rows = await readLineages<Above>(shard, spaceId, [...folders], sql`id, parent_id`);
  const parents = new Map(rows.map((row) => [row.id, row.parent_id]));
  const shares = new Map<NodeId, NodeId>();
  for (const folder of folders) {
    const passed = new Set<NodeId>();
    for (let at: NodeId | null = folder; at !== null && !passed.has(at); at = parents.get(at) ?? null) {
      passed.add(at);
      if (granted.has(at)) shares.set(folder, at);
    }
    // The root is the last.
    const [top] = [...passed].slice(-2);
    if (!shares.has(folder) && top !== undefined) shares.set(folder, top);
  }
  return shares;
}

interface NoticeFacts extends Guest {
  readonly ownerId: UserId;
  readonly share: NodeId;
  readonly sinceMicros: number;
}

async function noticeOf(shards: Shards, facts: NoticeFacts, deletions: readonly Deletion[]) {
  const { space_id: spaceId, actor, ownerId, share, sinceMicros } = facts;
  const key = `deleted by ${actor} in ${share}`;
  const before = await findBefore(shards, ownerId, key);
  const fresh = deletions.filter(({ at }) => before === undefined || at > before.at);
  const ids = fresh.map((each) => each.node_id);
  const count = ids.length === 0 ? 0 : await countBelow(shards.ofId(spaceId).db, spaceId, ids, { max: countedMax });
  const known = before !== undefined && before.at > sinceMicros ? before.count : 0;
  if (count < Math.max(notifiedMin, known)) return undefined;
  const first = Math.min(...fresh.map(({ at }) => at)) - 1;
  // An unread notice is merged with this one. Items created and deleted after its time stay in the trash.
  const momentMicros = before?.unread === true ? Math.min(parseTime(before.moment), first) : first;
  const path = (await findReadable(shards, ownerId, share))?.path;
  const command = path === undefined ? {} : { command: rewindCommand(momentMicros, path) };
  return {
    userId: ownerId,
    kind: "watch" as const,
    actor,
    nodeId: share,
    atMicros: Math.max(...fresh.map(({ at }) => at)),
    detail: { verbs: ["trashed"], count, deletions: true, moment: formatTime(momentMicros), ...command },
    gather: { key, nodeId: share },
  };
}

interface Before {
  readonly at: number;
  readonly count: number;
  readonly moment: string;
  readonly unread: boolean;
}

/** Finds the last notice about this guest and share. Index: the primary key; an account has few rows. */
async function findBefore(shards: Shards, ownerId: UserId, key: string): Promise<Before | undefined> {
  const { rows } = await sql<Before>`
    select n.at, (n.detail ->> 'count')::int8 as count, n.detail ->> 'moment' as moment, n.number > h.read_to as unread
    from shard.notification_heads h join shard.notifications n on n.user_id = h.user_id
    where h.user_id = ${ownerId} and n.gather_key = ${key} order by n.number desc limit 1`.execute(
    shards.ofId(ownerId).db,
  );
  return rows[0];
}
