import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { z } from "zod";
import type { Shards } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import { decodeCursor, encodeCursor } from "../metadata/read/cursor.ts";
import { findOwnNodes } from "../metadata/read/own-nodes.ts";
import { nodeJson } from "../metadata/read/node-json.ts";
import { fittingPage } from "../metadata/read/page-bytes.ts";
import { checkPosition, positionIn, startToken } from "./changes.ts";

export interface SnapshotRequest {
  readonly cursor?: string | undefined;
  /** Rows that are looked at for one page. */
  readonly limit?: number | undefined;
}

export interface SnapshotPage {
  readonly items: NodeJson[];
  readonly next_cursor: string | null;
  readonly token: string;
}

const snapshotCursor = z.tuple([z.string().max(3072), z.string().refine(isId)]);

/**
 * Every live node in view, in the order of ids, page by page. The tree may change between the pages: as the token was
 * taken before the first one, whatever a page shows too old or not at all stands in the changes since that token.
 * A page has fewer than `limit` nodes, even none, where it passed over what lies in the trash: only `next_cursor` tells the end.
 * @throws HoldfastError bad_request for a cursor of another list, reset when the journal is no longer the one that the
 * first page belonged to: two histories must not be mixed into one snapshot
 */
export async function readSnapshot(
  shards: Shards,
  caller: Actor,
  { cursor, limit = limits.listItemsMax }: SnapshotRequest,
): Promise<SnapshotPage> {
  const shard = shards.of(caller.bucket);
  const [token, afterId] =
    cursor === undefined ? [await startToken(shards, caller), zeroId] : decodeCursor(snapshotCursor, cursor);
  if (cursor !== undefined) await checkPosition(shard, positionIn(caller, token, "cursor"));
  // Served by the primary key alone.
  const { rows } = await sql<{ id: NodeId }>`
    select id from shard.nodes where space_id = ${caller.spaceId} and id > ${afterId}::uuid
    order by id limit ${limit + 1}`.execute(shard.db);
  const asked = rows.slice(0, limit).map((row) => row.id);
  const nodes = await findOwnNodes(shard, caller, asked);
  const ids = fittingPage(asked, (id) => nodes.get(id));
  const items = ids
    .map((id) => nodes.get(id))
    .filter((node) => node !== undefined)
    .filter(({ row }) => row.trashed_at === null && row.purged_at === null)
    .map(nodeJson);
  const last = ids.at(-1);
  return {
    items,
    next_cursor: rows.length > ids.length && last !== undefined ? encodeCursor([token, last]) : null,
    token,
  };
}

/** Before every id. */
const zeroId = "00000000-0000-0000-0000-000000000000";
