import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { keyed } from "../../db/database.ts";
import type { ShardReader, SpaceRow } from "../../db/shard-tables.ts";

/** @returns the `seq` of the newest entry in the journal of a space, 0 without one */
export async function newestEntry(reader: ShardReader, spaceId: SpaceId): Promise<number> {
  const { rows } = await sql<Pick<SpaceRow, "seq">>`
    select seq from shard.spaces where id = ${spaceId} ${keyed}`.execute(reader);
  return rows[0]?.seq ?? 0;
}
