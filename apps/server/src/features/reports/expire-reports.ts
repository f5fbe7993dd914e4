import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Shards } from "../../base/db/shards.ts";

const rowsAtOnce = 1000;

/** Deletes reports that were resolved long ago. Index: reports_age. */
export async function expireReports(shards: Shards, nowMicros: number): Promise<void> {
  const before = nowMicros - limits.reportLifetimeMs * 1000;
  for (const { db } of shards.all()) {
    for (let removed = rowsAtOnce; removed === rowsAtOnce;) {
      const { numAffectedRows = 0n } = await sql`
        delete from shard.reports where ctid = any(array(
          select ctid from shard.reports where resolved_at <= ${before} limit ${rowsAtOnce}
        ))`.execute(db);
      removed = Number(numAffectedRows);
    }
  }
}
