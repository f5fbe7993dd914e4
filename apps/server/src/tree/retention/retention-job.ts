import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely, RawBuilder } from "kysely";
import { sql } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { type PieceSizes, pieceSizes } from "../commit/piece-sizes.ts";

/**
 * Jobs may run at any time, twice or never, in short transactions, oldest rows first. They return the number of removed
 * rows.
 */
export interface Retention {
  readonly db: Kysely<ShardTables>;
  readonly nowMicros: number;
  readonly signal?: AbortSignal;
  readonly pieces?: PieceSizes;
  /** A counter that was too low is a defect. It is already corrected. */
  readonly onMended?: (mended: Mended) => void;
}

export interface Mended {
  readonly spaceId: SpaceId;
  readonly of: "blocks" | "segments";
  readonly count: number;
}

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
 * Changes when a row is changed, or locked in order to refer to it. So equal marks prove that neither happened in
 * between. Marks may also differ without a reason.
 */
export const rowMark: RawBuilder<string> = sql<string>`xmin::text || ' ' || xmax::text`;
