import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { ShardTables } from "../../db/shard-tables.ts";
import { type PieceSizes, pieceSizes } from "../commit/piece-sizes.ts";

/**
 * What lets old things go, each as a job of one shard that may run at any time, twice or never: in pieces, each a
 * short transaction, the oldest first. All answer how many rows went.
 */
export interface Retention {
  readonly db: Kysely<ShardTables>;
  readonly nowMicros: number;
  /** Asked before each piece. */
  readonly signal?: AbortSignal;
  /** The usual ones unless told. */
  readonly pieces?: PieceSizes;
  /** Told of counters that were too low, which is a defect. They are right again, and nothing went by them. */
  readonly onMended?: (mended: Mended) => void;
}

export interface Mended {
  readonly spaceId: SpaceId;
  readonly of: "blocks" | "segments";
  readonly count: number;
}

/** Until a piece finds nothing left to do. */
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
 * Another one as soon as anybody has changed a row, or has locked it in order to refer to it: so whoever reads it twice knows that
 * nothing came of it in between. It means nothing beyond that, and may differ without a reason.
 */
export const rowMark: RawBuilder<string> = sql<string>`xmin::text || ' ' || xmax::text`;
