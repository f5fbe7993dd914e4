import { toHoldfastError } from "@holdfast/core/errors";
import type { Shard } from "../db/shards.ts";
import type { ShreddingRow, ShredStep } from "../db/shredding-tables.ts";
import { cleanDatabase } from "./clean-database.ts";
import { cleanStores } from "./clean-stores.ts";
import { endRights } from "./end-rights.ts";
import { releaseSpace } from "./release-space.ts";
import { removeRows } from "./remove-rows.ts";
import { rewriteStores } from "./rewrite-stores.ts";
import { listRunning, noteStepDone, noteWaiting } from "./shreddings.ts";
import type { ShredWorld } from "./shred-world.ts";

/** @returns what it has to wait for, in words that end a sentence "waits for …"; undefined once it is done */
type Step = (world: ShredWorld, row: ShreddingRow, signal: AbortSignal) => Promise<string | undefined>;

const steps: Readonly<Record<ShredStep, Step>> = {
  rights: endRights,
  rows: removeRows,
  blocks: releaseSpace,
  packs: rewriteStores,
  database: cleanDatabase,
  copies: cleanStores,
};

/** Goes on with all that was asked for, also after a crash: each step may run again, and what the row says is under way runs next. */
export async function shredAccounts(world: ShredWorld, signal: AbortSignal): Promise<void> {
  for (const shard of world.shards.all())
    for (const row of await listRunning(shard.db)) await tryToGoOn(world, shard, row, signal);
}

/** What fails is tried again with the next run, and keeps no other shredding from going on. */
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
    const waitsFor = await steps[row.step](world, row, signal);
    if (waitsFor !== undefined) return noteWaiting(db, row, waitsFor);
    world.log.info({ user_id: row.user_id, step: row.step }, "a step of a shredding is done");
    row = await noteStepDone(db, row, world.clock.nowMicros());
  }
  world.log.info({ user_id: begun.user_id }, "an account was shredded");
}
