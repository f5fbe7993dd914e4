import { toHoldfastError } from "@holdfast/core/errors";
import type { Shard } from "../../base/db/shards.ts";
import type { ShreddingRow, ShredStep } from "../../base/db/shredding-tables.ts";
import { listRunning, noteStepDone, noteWaiting } from "./shreddings.ts";
import type { ShredWorld } from "./shred-world.ts";

/** @returns the obstacle, to complete "waits for …", or undefined when done */
type Step = (world: ShredWorld, row: ShreddingRow, signal: AbortSignal) => Promise<string | undefined>;

/** Most servers never shred. */
const steps: Readonly<Record<ShredStep, () => Promise<Step>>> = {
  rights: async () => (await import("./end-rights.ts")).endRights,
  rows: async () => (await import("./remove-rows.ts")).removeRows,
  blocks: async () => (await import("./release-space.ts")).releaseSpace,
  packs: async () => (await import("./rewrite-stores.ts")).rewriteStores,
  database: async () => (await import("./clean-database.ts")).cleanDatabase,
  copies: async () => (await import("./clean-stores.ts")).cleanStores,
};

/** Each step can be repeated, also after a crash, and the row names the next one. */
export async function shredAccounts(world: ShredWorld, signal: AbortSignal): Promise<void> {
  for (const shard of world.shards.all())
    for (const row of await listRunning(shard.db)) await tryToGoOn(world, shard, row, signal);
}

/** The next run retries failures, which do not block other shreddings. */
async function tryToGoOn(world: ShredWorld, shard: Shard, row: ShreddingRow, signal: AbortSignal): Promise<void> {
  try {
    await goOn(world, shard, row, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const { message } = toHoldfastError(error);
    world.log.error({ user_id: row.user_id, reason: message }, "a shredding failed; it continues in a moment");
    await noteWaiting(shard.db, row, `a failed step, which is retried: ${message}`);
  }
}

async function goOn(world: ShredWorld, { db }: Shard, begun: ShreddingRow, signal: AbortSignal): Promise<void> {
  for (let row = begun; row.done_at === null;) {
    signal.throwIfAborted();
    const step = await steps[row.step]();
    const waitsFor = await step(world, row, signal);
    if (waitsFor !== undefined) return noteWaiting(db, row, waitsFor);
    world.log.info({ user_id: row.user_id, step: row.step }, "a step of a shredding is done");
    row = await noteStepDone(db, row, world.clock.nowMicros());
  }
  world.log.info({ user_id: begun.user_id }, "an account was shredded");
}
