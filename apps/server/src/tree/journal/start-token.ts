import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { keyed } from "../../base/db/database.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { encodeToken, type JournalPosition } from "./change-token.ts";
import { findShares } from "./share-changes.ts";

export async function startToken(shards: ReadShards, caller: Actor): Promise<string> {
  return encodeToken(await readHeadsInView(shards, caller));
}

/** The caller's own journal comes first. */
export async function readHeadsInView(shards: ReadShards, caller: Actor): Promise<JournalPosition[]> {
  const shares = await findShares(shards, caller);
  const spaceIds = new Set([...(caller.owns ? [caller.spaceId] : []), ...shares.map(({ spaceId }) => spaceId)]);
  const positions: JournalPosition[] = [];
  for (const spaceId of spaceIds) {
    const { notified, ...head } = await readOwnHead(shards, spaceId);
    // Notifications of other users stay private.
    positions.push(caller.owns && spaceId === caller.spaceId ? { ...head, notified } : head);
  }
  return positions;
}

export async function readHead(shards: ReadShards, spaceId: SpaceId): Promise<JournalPosition> {
  const { notified: _, ...head } = await readOwnHead(shards, spaceId);
  return head;
}

/**
 * Index: primary keys. Without `offset 0`, the planner expects an average journal and may read all of it for its last
 * entry.
 */
async function readOwnHead(shards: ReadShards, spaceId: SpaceId): Promise<JournalPosition> {
  const { rows } = await sql<{ epoch: string; seq: number; tag: Buffer | null; notified: number }>`
    select s.epoch, s.seq, j.tag, coalesce(h.number, 0) as notified from shard.spaces s
    left join lateral (select tag from shard.journal where space_id = s.id and seq = s.seq offset 0) j on true
    left join shard.notification_heads h on h.user_id = s.owner_id
    where s.id = ${spaceId} ${keyed}`.execute(shards.ofId(spaceId).primary);
  const head = rows[0];
  if (head === undefined) throw new HoldfastError("internal", "There is no such space.");
  const { epoch, seq, tag, notified } = head;
  return { spaceId, epoch, seq, tag: tag?.toString("hex") ?? "", notified };
}
