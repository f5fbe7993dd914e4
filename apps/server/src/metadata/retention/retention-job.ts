import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { ShardTables } from "../../db/shard-tables.ts";
import { type PieceSizes, pieceSizes } from "../commit/piece-sizes.ts";

/**
 * Parameters of jobs that remove old rows of one shard. They may run at any time, twice or never. They work in short
 * transactions, oldest rows first, and return the number of removed rows.
 */
export interface Retention {
  readonly db: Kysely<ShardTables>;
  readonly nowMicros: number;
  /** Checked before each piece. */
  readonly signal?: AbortSignal;
  /** Defaults to `pieceSizes`. */
  readonly pieces?: PieceSizes;
  /**
   * Receives counters that were too low, which is a defect. They have been corrected, and nothing was removed because
   * of them.
   */
  readonly onMended?: (mended: Mended) => void;
}

export interface Mended {
  readonly spaceId: SpaceId;
  readonly of: "blocks" | "segments";
  readonly count: number;
}

/** Repeats until a piece finds nothing to do. */
export async function inPieces(job: Retention, run: () => Promise<number>): Promise<number> {
  let count = 0;
  for (let last = 1; last > 0; count += last) {
    job.signal?.throwIfAborted();
    last = await run();
  }
  return count;
}

export function rowsIn({ pieces = pieceSizes }: Retention): number {
  return pieces.rowsMax;
}

/**
 * Changes when a row is changed, or locked in order to refer to it. So equal marks prove that nothing happened in
 * between. It has no other meaning, and may differ without a reason.
 */
export const rowMark: RawBuilder<string> = sql<string>`xmin::text || ' ' || xmax::text`;
