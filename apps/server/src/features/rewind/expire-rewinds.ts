import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { Retention } from "../../tree/retention/retention-job.ts";

/**
 * Deletes old rewinds in pieces, steps first. They can then no longer be undone. Index: rewinds_age.
 * @returns number of deleted rewinds
 */
export async function expireRewinds(
  { db, nowMicros, signal }: Retention,
  lifetimeMs: number = limits.rewindLifetimeMs,
): Promise<number> {
  let count = 0;
  for (let last = 1; last > 0;) {
    signal?.throwIfAborted();
    const { rows } = await sql<{ steps: number; rewinds: number }>`
      with old as materialized (
        select space_id, id from shard.rewinds where created_at < ${nowMicros - lifetimeMs * 1000} order by created_at limit 1
      ), steps as (
        delete from shard.rewind_steps where ctid = any(array(
          select s.ctid from old join shard.rewind_steps s on s.space_id = old.space_id and s.rewind_id = old.id
          limit ${stepsAtOnce})) returning number
      ), gone as (
        delete from shard.rewinds r using old
        where r.space_id = old.space_id and r.id = old.id and (select count(*) from steps) < ${stepsAtOnce} returning r.id
      ) select (select count(*) from steps)::int as steps, (select count(*) from gone)::int as rewinds`.execute(db);
    last = (rows[0]?.steps ?? 0) + (rows[0]?.rewinds ?? 0);
    count += rows[0]?.rewinds ?? 0;
  }
  return count;
}

const stepsAtOnce = 1000;
