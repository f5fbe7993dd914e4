import type { Clock } from "@holdfast/core/clock";
import type { Shards } from "../db/shards.ts";
import { sweepPurged } from "../metadata/removal.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

/** Removes what large purges left, on every shard. */
export function purgeSweep(shards: Shards, clock: Clock): PeriodicJob {
  return {
    name: "purge-sweep",
    everyMs: 60_000,
    run: async (signal) => {
      for (const { db } of shards.all()) await sweepPurged(db, { nowMicros: clock.nowMicros(), signal });
    },
  };
}
