import { shredAccounts } from "../shred/shred-accounts.ts";
import type { ShredWorld } from "../shred/shred-world.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

export const shredJobName = "shred";

const everyMs = 10_000;

export function shredJob(world: ShredWorld): PeriodicJob {
  return { name: shredJobName, everyMs, run: (signal) => shredAccounts(world, signal) };
}
