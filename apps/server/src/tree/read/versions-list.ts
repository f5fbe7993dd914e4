import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { z } from "zod";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { PlacedNode } from "./placed-node.ts";
import { type ListedVersion, type VersionFacts, versionFacts } from "./version-json.ts";

const versionCursor = z.tuple([z.int()]);

interface VersionsAsked {
  readonly userId: UserId;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
  readonly content_id?: string | undefined;
}

/** Lists versions, newest first. Index: versions_node. */
export async function listVersions(
  shards: ReadShards,
  { row: file, role }: PlacedNode,
  request: VersionsAsked,
): Promise<{ items: VersionFacts[]; next_cursor: string | null }> {
  const limit = request.limit ?? limits.listItemsDefault;
  const before = request.cursor === undefined ? undefined : decodeCursor(versionCursor, request.cursor)[0];
  const content = request.content_id === undefined ? undefined : Buffer.from(request.content_id, "hex");
  const { rows } = await sql<ListedVersion>`
    select id, number, size, content_id, created_at, created_by, device_id, operation_id, label, label_by, modified_at
    from shard.versions
    where space_id = ${file.space_id} and node_id = ${file.id} ${before === undefined ? sql`` : sql`and number < ${before}`}
      ${content === undefined ? sql`` : sql`and content_id = ${content}`}
    order by number desc limit ${limit + 1}`.execute(shards.ofId(file.space_id).db);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map((version) => listedVersion(file, version, role === "owner" || version.label_by === request.userId)),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor([last.number]) : null,
  };
}

function listedVersion(file: NodeRow, version: ListedVersion, mayChangeLabel: boolean): VersionFacts {
  const facts = versionFacts(file, version);
  return version.label === null || mayChangeLabel ? facts : { ...facts, label_locked: true };
}
