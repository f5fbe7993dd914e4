import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { byteaArray } from "../../db/array-parameters.ts";
import { pieceSizes } from "../commit/piece-sizes.ts";
import { entryBytes } from "../content/content.ts";
import { changeBlockRefs, hashesIn, releaseCounts } from "../content/references.ts";
import { changeMetadataBytes, rowWeight } from "../weight/metadata-bytes.ts";
import type { CandidateRow } from "./candidates.ts";
import { type CountedRows, expireUnnamed } from "./expire-unnamed.ts";
import { countSegmentNames } from "./named-after-all.ts";
import { type Retention, rowMark } from "./retention-job.ts";

/** Segments that no version has named for a day, with their holds on blocks. By segments_unreferenced. */
export function expireSegments(job: Retention, lifetimeMs: number = limits.stagedLifetimeMs): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  const { segmentsMax } = job.pieces ?? pieceSizes;
  const segments: CountedRows = {
    of: "segments",
    table: "shard.segments",
    rowsMax: segmentsMax,
    find: async (limit) => {
      const { rows } = await sql<CandidateRow>`
        select space_id, hash, ${rowMark} as mark from shard.segments
        where refs = 0 and since < ${before} order by since limit ${limit}`.execute(job.db);
      return rows;
    },
    countNames: countSegmentNames,
    remove: async (transaction, spaceId, hashes) => {
      const { rows } = await sql<{ entries: Buffer }>`
        delete from shard.segments
        where space_id = ${spaceId} and hash = any(${byteaArray(hashes)}) and refs = 0 and since < ${before}
        returning entries`.execute(transaction);
      const refs = releaseCounts(rows.map(({ entries }) => hashesIn(entries, entryBytes)));
      await changeBlockRefs(transaction, spaceId, refs, job.nowMicros);
      const weightBytes = rows.reduce((sum, { entries }) => sum + rowWeight(entries.length), 0);
      await changeMetadataBytes(transaction, spaceId, -weightBytes);
      return rows.length;
    },
    mend: async (transaction, spaceId, hashes, names) => {
      const { numAffectedRows } = await sql`
        update shard.segments set refs = ${names}::int8, since = greatest(since, ${job.nowMicros}::int8)
        where space_id = ${spaceId} and hash = any(${byteaArray(hashes)}) and refs = 0`.execute(transaction);
      return Number(numAffectedRows ?? 0n);
    },
  };
  return expireUnnamed(job, segments);
}
