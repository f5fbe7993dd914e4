import type { Clock, Random } from "@holdfast/core/clock";
import { adoptOrphans } from "../blocks/adopt-orphans.ts";
import type { BlockCells } from "../blocks/block-cell.ts";
import type { BlockPool } from "../blocks/block-tasks.ts";
import { scrubCell } from "../blocks/scrub.ts";
import type { Shards } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export interface StorageJobsParts {
  readonly cells: BlockCells;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** No other process writes to these stores: what was there before this one began and has no rows is an orphan for sure. */
  readonly alone: boolean;
}

const hourMs = 3600_000;
/** How long a pack of another process may be on its way to its rows. */
const foreignGraceMs = hourMs;

/** Packs without rows are adopted; all packs are reread in turn. */
export function storageJobs(parts: StorageJobsParts): PeriodicJob[] {
  const { cells, shards, pool, clock, random, log, alone } = parts;
  const startedMs = clock.nowMs();
  return [
    {
      name: "adopt-orphans",
      everyMs: hourMs,
      run: async (signal) => {
        const graceMs = alone ? clock.nowMs() - startedMs : foreignGraceMs;
        for (const cell of cells.all()) await adoptOrphans({ cell, clock, log, signal }, { graceMs });
      },
    },
    {
      name: "scrub",
      everyMs: 7 * 24 * hourMs,
      firstInMs: 24 * hourMs,
      run: async (signal) => {
        for (const cell of cells.all()) await scrubCell({ cell, shards, pool, clock, random, log, signal });
      },
    },
  ];
}
