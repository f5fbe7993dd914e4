import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { keyed } from "../../base/db/database.ts";
import type { ShardReads, SpaceRow } from "../../base/db/shard-tables.ts";

/** Newest entry in the journal of a space (`seq`, 0 if empty). Numbers of different epochs cannot be compared. */
export type JournalHead = Pick<SpaceRow, "seq" | "epoch">;

export async function newestEntry(reader: ShardReads, spaceId: SpaceId): Promise<JournalHead> {
  const { rows } = await sql<JournalHead>`
    select seq, epoch from shard.spaces where id = ${spaceId} ${keyed}`.execute(reader);
  return rows[0] ?? { seq: 0, epoch: "" };
}
