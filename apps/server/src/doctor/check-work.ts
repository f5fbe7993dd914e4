import { sql } from "kysely";
import { shownDuration } from "../config/durations.ts";
import { isAnyUnseenSince } from "../blocks/scrub.ts";
import { isIndexComplete } from "../blocks/cell-facts.ts";
import { queueFigures } from "../queue/figures.ts";
import type { CellWorld, DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

/** What was found damaged, and whether the index is complete. */
export async function checkBlocks({ cells, shards, clock, config }: DoctorWorld): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const cell of cells) {
    findings.push(of(cell.id, await checkIndex(cell, shards)));
    // A server that was off for some days, or a store that is large, may be a little late.
    const isLate = await isAnyUnseenSince(cell.db, (clock.nowMs() - 1.5 * config.scrubPeriodMs) * 1000);
    if (isLate) findings.push(of(`${cell.id}, scrub`, lateScrub(cell.id, config.scrubPeriodMs)));
  }
  return findings;
}

function lateScrub(cell: string, periodMs: number): Finding {
  return warn(
    "blocks",
    `cell ${cell}: not everything was reread within ${shownDuration(periodMs)}, because the server was off or the store is large`,
    "Run 'holdfast admin scrub --now', which keeps the disk busy, or raise HOLDFAST_SCRUB_PERIOD.",
  );
}

async function checkIndex({ id, db }: CellWorld, shards: DoctorWorld["shards"]): Promise<Finding> {
  const { rows } = await sql<{ damaged: number; unreadable: number }>`
    select (select count(*) from cell.blocks where state = 'damaged') as damaged,
      (select count(*) from cell.packs where state = 'unreadable') as unreadable`.execute(db);
  const { damaged = 0, unreadable = 0 } = rows[0] ?? {};
  if (damaged + unreadable > 0) {
    const advice = 'holdfast admin scrub --now names the files that they touch; see "Damage" in docs/operation.md.';
    const detail = `cell ${id}: ${damaged} damaged blocks, ${unreadable} unreadable packs`;
    return { ...fail("blocks", detail, advice), urgency: "damage" };
  }
  if (await isIndexComplete(db)) return ok("blocks", `cell ${id}: no known damage`);
  if (!(await isAnythingIn(shards))) {
    const detail = `cell ${id}: the store has packs, but no account has a file: the database of this store was lost or replaced`;
    return { ...fail("blocks", detail, lostDatabase), urgency: "damage" };
  }
  return warn(
    "blocks",
    `cell ${id}: the block index is incomplete`,
    "No space is freed until you run 'holdfast admin rebuild-index'. If the database of this store was lost or replaced, do not run " +
      "it: garbage collection would then delete whatever this database does not refer to. Run 'holdfast admin rebuild' instead.",
  );
}

/** A complete index would allow garbage collection, which deletes blocks that no file names: here all of them. */
const lostDatabase =
  "Stop the server and run 'holdfast admin rebuild --from STORE --key FILE --data NEW', or restore a backup. Do not rebuild the index here: " +
  "garbage collection would then delete the blocks.";

/** Whether any space has more than its root. */
async function isAnythingIn(shards: DoctorWorld["shards"]): Promise<boolean> {
  for (const { db } of shards) {
    const { rows } = await sql`select from shard.nodes where parent_id is not null limit 1`.execute(db);
    if (rows.length > 0) return true;
  }
  return false;
}

export async function checkJobs({ shards }: DoctorWorld): Promise<Finding[]> {
  const figures = await queueFigures({ all: () => shards })();
  const dead = figures.filter((figure) => figure.dead > 0).map((figure) => `${figure.dead} ${figure.kind}`);
  if (dead.length === 0) return [ok("jobs", "no failed jobs")];
  return [
    warn(
      "jobs",
      `failed: ${dead.join(", ")}`,
      "'holdfast admin jobs ls --dead' shows why; retry them once the cause is fixed, or remove those that are not needed.",
    ),
  ];
}
