import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Log } from "../../base/operation/log.ts";
import { askShredding, type ShreddingWorld } from "../shred/ask-shredding.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";
import { often } from "./retention-jobs.ts";

const hourMs = 3600_000;

export function leavingJob(world: ShreddingWorld & { readonly log: Log }, graceMs: number): PeriodicJob {
  return { name: "leaving-accounts", everyMs: often(hourMs, graceMs), run: (signal) => shredLeft(world, signal) };
}

/** An account with an incoming transfer cannot be shredded yet, and does not block the others. */
export async function shredLeft(world: ShreddingWorld & { readonly log: Log }, signal: AbortSignal): Promise<void> {
  for (const userId of await findLeft(world)) {
    signal.throwIfAborted();
    try {
      await askShredding(world, userId, { hasLeft: true });
      world.log.info({ user_id: userId }, "an account deleted by its owner is being shredded");
    } catch (error) {
      if (!(error instanceof HoldfastError) || !["conflict", "locked"].includes(error.code)) throw error;
      world.log.warn(
        { user_id: userId, reason: error.message },
        "an account deleted by its owner could not be shredded yet",
      );
    }
  }
}

/** Index: users_leaving. */
async function findLeft({ shards, clock }: ShreddingWorld): Promise<UserId[]> {
  const found: UserId[] = [];
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ id: UserId }>`
      select id from shard.users u where leaving_until <= ${clock.nowMicros()}
        and not exists (select from shard.shreddings s where s.user_id = u.id) order by leaving_until`.execute(db);
    found.push(...rows.map(({ id }) => id));
  }
  return found;
}
