import type { HashHex, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { byteaArray, hashArray } from "../../base/db/array-parameters.ts";
import { pieceSizes } from "../commit/piece-sizes.ts";
import { entryBytes } from "../content/content.ts";
import { changeBlockRefs, hashesIn, releaseCounts } from "../content/references.ts";
import { changeMetadataBytes, rowWeight } from "../weight/metadata-bytes.ts";
import type { CandidateRow } from "./candidates.ts";
import { type CountedRows, expireUnnamed } from "./expire-unnamed.ts";
import { countSegmentNames } from "./named-after-all.ts";
import { type Retention, rowMark } from "./retention-job.ts";

/**
 * Removes segments that no version has used for a day, with their references to blocks. Index: segments_unreferenced.
 */
export function expireSegments(job: Retention, lifetimeMs: number = limits.stagedLifetimeMs): Promise<number> {
  const before = job.nowMicros - lifetimeMs * 1000;
  const find = async (limit: number) => {
    const { rows } = await sql<CandidateRow>`
      select space_id, hash, ${rowMark} as mark from shard.segments
      where refs = 0 and since < ${before} order by since limit ${limit}`.execute(job.db);
    return rows;
  };
  return removeSegments(job, before, find, () => {});
}

/**
 * Immediately removes segments that no version uses, so that their bytes are free for the next upload. A commit that
 * has staged one of them meanwhile fails with `unavailable` and stages it again. Index: the primary key.
 * @returns bytes that no longer count as stored
 */
export async function dropSegments(job: Retention, spaceId: SpaceId, hashes: readonly HashHex[]): Promise<number> {
  let freedBytes = 0;
  if (hashes.length === 0) return freedBytes;
  const before = job.nowMicros + 1;
  const find = async (limit: number) => {
    const { rows } = await sql<CandidateRow>`
      select space_id, hash, ${rowMark} as mark from shard.segments
      where space_id = ${spaceId} and hash = any(${hashArray(hashes)}) and refs = 0 and since < ${before}
      limit ${limit}`.execute(job.db);
    return rows;
  };
  await removeSegments(job, before, find, (bytes) => (freedBytes += bytes));
  return freedBytes;
}

function removeSegments(
  job: Retention,
  before: number,
  find: CountedRows["find"],
  onFreed: (bytes: number) => void,
): Promise<number> {
  const { segmentsMax } = job.pieces ?? pieceSizes;
  const segments: CountedRows = {
    of: "segments",
    table: "shard.segments",
    rowsMax: segmentsMax,
    find,
    countNames: countSegmentNames,
    remove: async (transaction, spaceId, hashes) => {
      const { rows } = await sql<{ entries: Buffer }>`
        delete from shard.segments
        where space_id = ${spaceId} and hash = any(${byteaArray(hashes)}) and refs = 0 and since < ${before}
        returning entries`.execute(transaction);
      const refs = releaseCounts(rows.map(({ entries }) => hashesIn(entries, entryBytes)));
      onFreed(await changeBlockRefs(transaction, spaceId, refs, job.nowMicros));
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
