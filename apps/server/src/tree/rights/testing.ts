import { type GrantId, makeId, type SpaceId, toBucket, type UserId } from "@holdfast/core/ids";
import { randomBytes } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { GrantRow, ShardTables } from "../../base/db/shard-tables.ts";

export async function grantTo(
  db: Kysely<ShardTables>,
  { spaceId, nodeId, role, userId }: { spaceId: SpaceId; nodeId: string; role: GrantRow["role"]; userId: UserId },
): Promise<void> {
  const id = makeId<GrantId>(toBucket(7), Date.now(), randomBytes(8));
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    values (${spaceId}, ${id}, ${nodeId}, 'user', ${userId}, ${role}, ${userId}, 0)`.execute(db);
}
