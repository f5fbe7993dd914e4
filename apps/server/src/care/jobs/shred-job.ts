import { shredAccounts } from "../shred/shred-accounts.ts";
import type { ShredWorld } from "../shred/shred-world.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

const everyMs = 10_000;

export function shredJob(world: ShredWorld): PeriodicJob {
  return { name: "shred", everyMs, run: (signal) => shredAccounts(world, signal) };
}
