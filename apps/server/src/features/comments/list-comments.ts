import { isId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { CommentJson } from "@holdfast/protocol/comment-routes";
import { sql } from "kysely";
import { z } from "zod";
import { readPeople } from "../accounts/people/people.ts";
import type { CommentRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { decodeCursor, encodeCursor } from "../../tree/read/cursor.ts";
import { findNode } from "../../tree/read/look-up.ts";

const commentCursor = z.tuple([z.int(), z.string().refine(isId)]);

/** Oldest first. @throws HoldfastError not_found, forbidden, bad_request for a cursor of another list */
export async function listComments(
  shards: ReadShards,
  caller: Actor,
  nodeId: string,
  request: { limit?: number | undefined; cursor?: string | undefined },
): Promise<{ items: CommentJson[]; next_cursor: string | null }> {
  const limit = request.limit ?? limits.listItemsDefault;
  const [at, id] = request.cursor === undefined ? [0, zeroId] : decodeCursor(commentCursor, request.cursor);
  const node = await findNode(shards, caller, nodeId);
  // Index: primary key.
  const { rows } = await sql<CommentRow>`
    select * from shard.comments
    where space_id = ${node.row.space_id} and node_id = ${node.row.id} and (at, id) > (${at}::int8, ${id}::uuid)
    order by at, id limit ${limit + 1}`.execute(shards.ofId(node.row.space_id).db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: await commentsJson(shards, page),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor([last.at, last.id]) : null,
  };
}

export async function commentJson(shards: ReadShards, row: CommentRow): Promise<CommentJson> {
  const [json] = await commentsJson(shards, [row]);
  return json as CommentJson;
}

async function commentsJson(shards: ReadShards, rows: readonly CommentRow[]): Promise<CommentJson[]> {
  const personOf = await readPeople(
    shards,
    rows.flatMap(({ author, mentions }) => [author, ...mentions]),
  );
  return rows.map((row) => ({
    id: row.id,
    text: row.text,
    author: personOf(row.author),
    mentions: row.mentions.map(personOf),
    at: formatTime(row.at),
    edited_at: row.edited_at === null ? null : formatTime(row.edited_at),
    resolved: row.resolved_at !== null,
  }));
}

const zeroId = "00000000-0000-0000-0000-000000000000";
