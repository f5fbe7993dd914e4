import type { SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { byteaArray } from "../../base/db/array-parameters.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { lockSpace } from "../commit/load.ts";
import { pieceSizes } from "../commit/piece-sizes.ts";
import { type CandidateRow, Candidates, type Found } from "./candidates.ts";
import type { ListReader } from "./named-after-all.ts";
import { inPieces, type Mended, type Retention, rowMark } from "./retention-job.ts";

/** Rows that are kept while something refers to them, with a counter of references. */
export interface CountedRows {
  readonly of: Mended["of"];
  readonly table: "shard.space_blocks" | "shard.segments";
  readonly rowsMax: number;
  find(limit: number): Promise<CandidateRow[]>;
  /** Reads all lists of a space that could contain the candidates. */
  countNames(reader: ListReader, candidates: Candidates): Promise<void>;
  /** Removes only rows that still match `find`, under the space lock. @returns number of removed rows */
  remove(transaction: ShardQueries, spaceId: SpaceId, hashes: readonly Buffer[]): Promise<number>;
  /** Sets counters to `names` under the space lock. @returns number of corrected rows */
  mend(transaction: ShardQueries, spaceId: SpaceId, hashes: readonly Buffer[], names: number): Promise<number>;
}

/**
 * A counter only selects candidates: before a removal, all lists that could contain them are read. A row that changed
 * meanwhile, as checked under the space lock, is left for the next run. A counter that is too low is corrected and
 * reported.
 * @returns number of removed rows
 */
export async function expireUnnamed(job: Retention, rows: CountedRows): Promise<number> {
  const { db, signal, pieces = pieceSizes } = job;
  let count = 0;
  await inPieces(job, async () => {
    let done = 0;
    const candidates = await rows.find(pieces.candidatesMax);
    for (const [spaceId, some] of Map.groupBy(candidates, (row) => row.space_id)) {
      const found = new Candidates(some);
      await rows.countNames({ db, spaceId, signal }, found);
      const gone = await inTurn({ job, rows, spaceId }, found.unnamed(), (transaction, hashes) =>
        rows.remove(transaction, spaceId, hashes),
      );
      const mended = await mendAll({ job, rows, spaceId }, found);
      count += gone;
      done += gone + mended;
    }
    return done;
  });
  return count;
}

interface Place {
  readonly job: Retention;
  readonly rows: CountedRows;
  readonly spaceId: SpaceId;
}

/** Counts are exact, because a row whose references changed meanwhile is skipped. */
async function mendAll(place: Place, found: Candidates): Promise<number> {
  const { job, rows, spaceId } = place;
  let count = 0;
  for (const [names, some] of found.named()) {
    count += await inTurn(place, some, (transaction, hashes) => rows.mend(transaction, spaceId, hashes, names));
  }
  if (count > 0) job.onMended?.({ spaceId, of: rows.of, count });
  return count;
}

/** Skips rows that changed. Uses short transactions. */
async function inTurn(
  { job, rows, spaceId }: Place,
  found: readonly Found[],
  work: (transaction: ShardQueries, hashes: readonly Buffer[]) => Promise<number>,
): Promise<number> {
  let count = 0;
  for (let at = 0; at < found.length; at += rows.rowsMax) {
    job.signal?.throwIfAborted();
    const some = found.slice(at, at + rows.rowsMax);
    count += await inTransaction(job.db, async (transaction) => {
      await lockSpace(transaction, spaceId);
      const same = await stillSame(transaction, rows, spaceId, some);
      return same.length === 0 ? 0 : work(transaction, same);
    });
  }
  return count;
}

async function stillSame(
  transaction: ShardQueries,
  { table }: CountedRows,
  spaceId: SpaceId,
  found: readonly Found[],
): Promise<Buffer[]> {
  const { rows } = await sql<{ hash: Buffer; mark: string }>`
    select hash, ${rowMark} as mark from ${sql.table(table)}
    where space_id = ${spaceId} and hash = any(${byteaArray(found.map(({ hash }) => hash))})`.execute(transaction);
  const marks = new Map(found.map(({ hash, mark }) => [hash.toString("latin1"), mark]));
  return rows.filter(({ hash, mark }) => marks.get(hash.toString("latin1")) === mark).map(({ hash }) => hash);
}
