import { isId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { Actor } from "../actor.ts";
import type { NodeRow } from "../../db/shard-tables.ts";
import type { Shards } from "../../db/shards.ts";
import { decodeCursor, encodeCursor } from "../read/cursor.ts";
import type { NodePage } from "../read/list-folder.ts";
import { findOwnNodes } from "../read/own-nodes.ts";
import { nodeJson } from "../read/node-json.ts";
import { fittingPage } from "../read/page-bytes.ts";

const trashCursor = z.tuple([z.int(), z.string().refine(isId)]);

/** What was deleted itself (not what lies below it), the latest first. */
export async function listTrash(
  shards: Shards,
  caller: Actor,
  request: { limit?: number | undefined; cursor?: string | undefined },
): Promise<NodePage> {
  const limit = request.limit ?? limits.listItemsDefault;
  const after = request.cursor === undefined ? undefined : decodeCursor(trashCursor, request.cursor);
  const shard = shards.of(caller.bucket);
  // Served by nodes_trash: by time downwards, then by id upwards.
  const { rows } = await sql<Pick<NodeRow, "id" | "trashed_at">>`
    select id, trashed_at from shard.nodes
    where space_id = ${caller.spaceId} and trashed_at is not null and purged_at is null
      ${after === undefined ? sql`` : sql`and trashed_at <= ${after[0]} and (trashed_at < ${after[0]} or id > ${after[1]})`}
    order by trashed_at desc, id limit ${limit + 1}`.execute(shard.db);
  const ids = rows.slice(0, limit).map((row) => row.id);
  const placed = await findOwnNodes(shard, caller, ids);
  const page = fittingPage(rows.slice(0, limit), (row) => placed.get(row.id));
  const items = page.flatMap((row) => {
    const node = placed.get(row.id);
    return node === undefined ? [] : [nodeJson(node)];
  });
  const last = page.at(-1);
  return {
    items,
    next_cursor: rows.length > page.length && last !== undefined ? encodeCursor([last.trashed_at, last.id]) : null,
  };
}
