import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { EventType } from "@holdfast/protocol/change-routes";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import { keyed } from "../../base/db/database.ts";
import type { JournalRow, NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";

export interface JournalHead {
  readonly spaceId: SpaceId;
  readonly epoch: string;
  readonly seq: number;
  /** Number of the last notification to the space's owner. */
  readonly notified: number;
}

export interface NewestChange {
  /** `notification`: a notification for the account, without any change. */
  readonly type: EventType;
  readonly nodeId: NodeId | null;
  readonly atMicros: number;
}

export interface Newest {
  readonly head: JournalHead;
  readonly change: NewestChange | undefined;
  readonly notification: NewestChange | undefined;
}

interface NewestRow {
  readonly epoch: string;
  readonly seq: number;
  readonly entry_kind: JournalRow["kind"] | null;
  readonly node_id: NodeId | null;
  readonly at: number | null;
  readonly node_kind: NodeRow["kind"] | null;
  readonly created_at: number | null;
  readonly notified: number;
  readonly told_at: number | null;
  readonly told_of: NodeId | null;
}

/** End of a space's journal and its owner's last notification. Undefined if the space does not exist. */
export async function readNewestChange(shard: ReadShard, spaceId: SpaceId): Promise<Newest | undefined> {
  // Uses primary keys only. `offset 0` enforces that even where most journals are short.
  const { rows } = await sql<NewestRow>`
    select s.epoch, s.seq, j.kind as entry_kind, j.node_id, j.at, n.kind as node_kind, n.created_at,
      coalesce(h.number, 0) as notified, t.at as told_at, t.node_id as told_of
    from shard.spaces s
    left join lateral (select * from shard.journal where space_id = s.id and seq = s.seq offset 0) j on true
    left join lateral (select * from shard.nodes where space_id = s.id and id = j.node_id offset 0) n on true
    left join shard.notification_heads h on h.user_id = s.owner_id
    left join lateral (select * from shard.notifications where user_id = h.user_id and number = h.number offset 0) t on true
    where s.id = ${spaceId} ${keyed}`.execute(shard.primary);
  const row = rows[0];
  if (row === undefined) return undefined;
  const { epoch, seq, notified, node_id: nodeId, at: atMicros, told_at: notifiedAt, told_of: notifiedOf } = row;
  const head = { spaceId, epoch, seq, notified };
  const notification: NewestChange | undefined =
    notifiedAt === null ? undefined : { type: "notification", nodeId: notifiedOf, atMicros: notifiedAt };
  if (nodeId === null || atMicros === null) return { head, change: undefined, notification };
  return { head, change: { type: typeOf(row), nodeId, atMicros }, notification };
}

export async function readHeads(shard: ReadShard, spaceIds: readonly SpaceId[]): Promise<JournalHead[]> {
  const { rows } = await sql<JournalHead>`
    select s.id as "spaceId", s.epoch, s.seq, coalesce(h.number, 0) as notified
    from unnest(${uuidArray(spaceIds)}) as asked (id)
    join shard.spaces s on s.id = asked.id
    left join shard.notification_heads h on h.user_id = s.owner_id`.execute(shard.primary);
  return rows;
}

/** Links count as files. A purged node without a row does too. */
function typeOf({ entry_kind: entryKind, node_kind: nodeKind, at, created_at: createdAt }: NewestRow): EventType {
  const what = nodeKind === "folder" || nodeKind === "mount" ? "folder" : "file";
  if (entryKind === "gone" || nodeKind === null) return `${what}_delete`;
  return entryKind === "appeared" || createdAt === at ? `${what}_create` : `${what}_update`;
}
