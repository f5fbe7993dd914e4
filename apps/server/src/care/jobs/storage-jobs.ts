import type { Clock, Random } from "@holdfast/core/clock";
import type { Sleep } from "@holdfast/object-store/call-signal";
import { twoOf } from "@holdfast/object-store/two-stores";
import { adoptOrphans } from "../../packs/repair/adopt-orphans.ts";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { strandedMsMin } from "../../packs/write/storing-time.ts";
import type { CollectTimes } from "../../packs/collect/collect-ports.ts";
import { giveUpDebts } from "../../packs/copies/give-up-debts.ts";
import { type KeepCopies, openKeeper } from "../../packs/copies/keep-copies.ts";
import type { PlacedCell } from "../../packs/copies/copies-report.ts";
import { continueVerification, isVerificationUnfinished } from "../../packs/copies/verify-copies.ts";
import type { Cells, Shards } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { eachInTurn } from "./each-in-turn.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";
import { requestedJob } from "./requested-jobs.ts";
import type { RetentionParts } from "./run-retention.ts";
import { scrubCells } from "./scrub-cells.ts";

export interface StorageJobsParts {
  readonly cells: BlockCells;
  readonly placed: readonly PlacedCell[];
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  /** Monotonic clock. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
  readonly log: Log;
  readonly retention: CollectTimes;
  /** Each pack is reread once in this period. */
  readonly scrubPeriodMs: number;
  /** Nothing else writes to these stores, so older packs without rows are orphans. */
  readonly alone: boolean;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Interval to check for the end of a rest. Requested passes begin immediately. */
const scrubLookMs = 10_000;

/** Another process may write with the previous data key for this long. */
const keysSeenMs = 60_000;

export function storageJobs(parts: StorageJobsParts): PeriodicJob[] {
  const { cells, shards, pool, clock, random, log, retention, alone } = parts;
  const startedMs = clock.nowMs();
  const keeping = { pool, clock, monotonicMs: parts.monotonicMs, sleep: parts.sleep, log };
  const keep = openKeeper(keeping);
  const scrubbing = { monotonicMs: parts.monotonicMs, periodMs: parts.scrubPeriodMs };
  return [
    ...(cells.all().some(({ store }) => twoOf(store) !== undefined) ? [copiesJob(cells, keep)] : []),
    singleStoresJob(parts),
    {
      name: "verify-copies",
      everyMs: minuteMs,
      // Requested, or begun by a process that has ended.
      isDue: () => isVerificationUnfinished(parts.placed),
      run: (signal) => eachInTurn(parts.placed, (placed) => continueVerification({ ...keeping, signal }, placed)),
    },
    {
      name: "data-keys",
      everyMs: keysSeenMs,
      run: async () => {
        for (const { keyring } of cells.all()) await keyring.refresh();
      },
    },
    {
      name: "adopt-orphans",
      everyMs: hourMs,
      run: async (signal) => {
        const graceMs = alone ? clock.nowMs() - startedMs : strandedMsMin;
        for (const cell of cells.all()) await adoptOrphans({ cell, clock, log, signal }, { graceMs });
      },
    },
    {
      name: "collect",
      everyMs: hourMs,
      run: async (signal) => {
        const { collectCell } = await import("../../packs/collect/collect-cell.ts");
        for (const cell of cells.all())
          await collectCell({ cell, shards, pool, clock, random, log, retention }, { signal });
      },
    },
    {
      name: "settle-blocks",
      everyMs: 24 * hourMs,
      firstInMs: hourMs,
      run: async (signal) => {
        const { settleCells } = await import("../../packs/collect/settle-cells.ts");
        await settleCells({ cells, shards, clock, log, signal });
      },
    },
    {
      name: "scrub",
      everyMs: scrubLookMs,
      run: (signal) => scrubCells({ cells, shards, pool, clock, random, log, keep, signal, ...scrubbing }),
    },
  ];
}

/** Copies are repaired soon after an outage. An idle round costs two small statements and two checks. */
const copiesEveryMs = 2000;

function copiesJob(cells: BlockCells, keep: KeepCopies): PeriodicJob {
  return {
    name: "copies",
    everyMs: copiesEveryMs,
    run: async (signal) => {
      for (const cell of cells.all()) await keep(cell, { signal });
    },
  };
}

/** A removed second store may have been the only one with a pack. */
function singleStoresJob({ placed, clock, log }: StorageJobsParts): PeriodicJob {
  return {
    name: "debts-of-single-stores",
    everyMs: hourMs,
    firstInMs: 0,
    run: async (signal) => {
      for (const { cell, places } of placed) {
        const [name] = places;
        if (name === undefined || places.length > 1) continue;
        await giveUpDebts(cell, { name, store: cell.store }, { nowMicros: clock.nowMicros(), log, signal });
      }
    },
  };
}

export interface RequestedJobsParts extends Pick<StorageJobsParts, "pool" | "random" | "log"> {
  readonly retaining: RetentionParts;
  readonly databases: { readonly cells: Cells };
}

/** Run only when an administrator starts them. */
export function requestedJobs({ retaining, databases, pool, random, log }: RequestedJobsParts): PeriodicJob[] {
  const { cells, shards, clock } = retaining;
  const ports = { cells: databases.cells, clock, log };
  return [
    requestedJob(ports, "gc", async (signal, { unfinished }) => {
      const { collectNow } = await import("./collect-now.ts");
      return collectNow({ ...retaining, pool, random, log }, { dryRun: false, unfinished, signal });
    }),
    requestedJob(ports, "rebuild-index", async (signal) => {
      const { rebuildIndex } = await import("../../packs/repair/rebuild-index.ts");
      return rebuildIndex({ cells, shards, pool, clock, log, signal });
    }),
  ];
}
