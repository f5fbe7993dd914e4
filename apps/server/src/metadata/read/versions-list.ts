import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { z } from "zod";
import type { VersionRow } from "../../db/shard-tables.ts";
import type { Shards } from "../../db/shards.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { PlacedNode } from "./placed-node.ts";

const versionCursor = z.tuple([z.int()]);

/** Newest first. */
export async function listVersions(
  shards: Shards,
  { row: file }: PlacedNode,
  request: { limit?: number | undefined; cursor?: string | undefined },
) {
  const limit = request.limit ?? limits.listItemsDefault;
  const before = request.cursor === undefined ? undefined : decodeCursor(versionCursor, request.cursor)[0];
  // Served by versions_node.
  const { rows } = await sql<Omit<VersionRow, "manifest" | "segments">>`
    select id, number, size, content_id, created_at, created_by, device_id, operation_id from shard.versions
    where space_id = ${file.space_id} and node_id = ${file.id} ${before === undefined ? sql`` : sql`and number < ${before}`}
    order by number desc limit ${limit + 1}`.execute(shards.ofId(file.space_id).db);
  const page = rows.slice(0, limit);
  const items = page.map((version) => ({
    number: version.number,
    version_id: version.id,
    size: version.size,
    content_id: version.content_id.toString("hex"),
    created_at: formatTime(version.created_at),
    created_by: version.created_by,
    device_id: version.device_id,
    operation_id: version.operation_id?.toString("hex") ?? null,
  }));
  const last = page.at(-1);
  return { items, next_cursor: rows.length > limit && last !== undefined ? encodeCursor([last.number]) : null };
}
