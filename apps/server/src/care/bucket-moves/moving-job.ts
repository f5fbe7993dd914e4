import { toBucket } from "@holdfast/core/ids";
import { readShardMap } from "../../base/db/shard-map.ts";
import type { PeriodicJob } from "../jobs/periodic-jobs.ts";
import type { MovePorts } from "./move-buckets.ts";

/** Retries after a problem, and continues after the process that moved buckets ended. */
const everyMs = 3000;

export function movingJob(ports: MovePorts): PeriodicJob {
  const db = ports.databases.cells.of(toBucket(0)).db;
  return {
    name: "move-buckets",
    everyMs,
    isDue: async () => (await readShardMap(db)).map?.move != null,
    run: async (signal) => {
      const { continueMove } = await import("./move-buckets.ts");
      await continueMove(ports, signal);
    },
  };
}
