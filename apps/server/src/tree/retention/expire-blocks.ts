import { sql } from "kysely";
import { byteaArray } from "../../base/db/array-parameters.ts";
import type { CandidateRow } from "./candidates.ts";
import { type CountedRows, expireUnnamed } from "./expire-unnamed.ts";
import { countBlockNames } from "./named-after-all.ts";
import { enqueueReleases } from "./release-message.ts";
import { type Retention, rowMark, rowsIn } from "./retention-job.ts";

/**
 * Removes blocks of a space without references for a week. A queued message makes the cell release exactly these
 * holders. Runs after `expireStaged`, because counted blocks are skipped. Index: space_blocks_unreferenced.
 */
export function expireBlocks(job: Retention, lifetimeMs: number): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  const blocks: CountedRows = {
    of: "blocks",
    table: "shard.space_blocks",
    rowsMax: rowsIn(job),
    find: async (limit) => {
      const { rows } = await sql<CandidateRow>`
        select space_id, hash, ${rowMark} as mark from shard.space_blocks
        where refs = 0 and not counted and since < ${before} order by since limit ${limit}`.execute(job.db);
      return rows;
    },
    countNames: countBlockNames,
    remove: async (transaction, spaceId, hashes) => {
      // Checks renew `since` without the space lock.
      const { rows } = await sql<{ hash: Buffer; stamp: number }>`
        delete from shard.space_blocks
        where space_id = ${spaceId} and hash = any(${byteaArray(hashes)}) and refs = 0 and not counted and since < ${before}
        returning hash, stamp`.execute(transaction);
      await enqueueReleases(transaction, spaceId, rows);
      return rows.length;
    },
    mend: async (transaction, spaceId, hashes, names) => {
      const { rows } = await sql<{ size: number }>`
        update shard.space_blocks set refs = ${names}::int8, counted = true, since = greatest(since, ${job.nowMicros}::int8)
        where space_id = ${spaceId} and hash = any(${byteaArray(hashes)}) and refs = 0 and not counted
        returning size`.execute(transaction);
      const sizeBytes = rows.reduce((sum, { size }) => sum + size, 0);
      // Ignores the quota: the block was stored all the time.
      await sql`update shard.spaces set stored_bytes = stored_bytes + ${sizeBytes}::int8 where id = ${spaceId}`.execute(
        transaction,
      );
      return rows.length;
    },
  };
  return expireUnnamed(job, blocks);
}
