import { formatTime } from "@holdfast/core/times";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import { shownDuration } from "../../base/config/durations.ts";
import { isAnyUnseenSince } from "../../packs/repair/scrub.ts";
import { isIndexComplete } from "../../packs/facts/cell-facts.ts";
import { type PendingJob, pendingJobs, startMessageKind } from "../../packs/facts/stored-jobs.ts";
import { listPacks } from "../../packs/index/list-packs.ts";
import { isAlone } from "../../base/config/read-config.ts";
import { isJobLocked } from "../../base/queue/job-lock.ts";
import { hasWorker, queueFigures, readUnattended, type Unattended, unattendedMs } from "../../base/queue/figures.ts";
import type { CellWorld, DoctorWorld } from "./doctor-world.ts";
import { fail, type Finding, of, ok, warn } from "./finding.ts";

export async function checkBlocks({ cells, shards, clock, config }: DoctorWorld): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const cell of cells) {
    findings.push(of(cell.id, await checkIndex(cell, shards)));
    // A server that was off for days, or a large store, may be slightly late.
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

async function checkIndex({ id, db, store }: CellWorld, shards: DoctorWorld["shards"]): Promise<Finding> {
  const { rows } = await sql<{ damaged: number; unreadable: number }>`
    select (select count(*) from cell.blocks where state = 'damaged') as damaged,
      (select count(*) from cell.packs where state = 'unreadable') as unreadable`.execute(db);
  const { damaged = 0, unreadable = 0 } = rows[0] ?? {};
  if (damaged + unreadable > 0) {
    const advice = 'holdfast admin scrub --now lists the affected files; see "Damage" in docs/operation.md.';
    const detail = `cell ${id}: ${damaged} damaged blocks, ${unreadable} unreadable packs`;
    return { ...fail("blocks", detail, advice), urgency: "damage" };
  }
  if (await isIndexComplete(db)) return ok("blocks", `cell ${id}: no known damage`);
  const sign = await signOfLostDatabase(await store(), shards);
  if (sign !== undefined) {
    const detail = `cell ${id}: ${sign}: the database of this store was lost or replaced`;
    return { ...fail("blocks", detail, lostDatabase), urgency: "damage" };
  }
  return warn(
    "blocks",
    `cell ${id}: the block index is incomplete`,
    "If the database of this store was lost or replaced, run 'holdfast admin rebuild'. Only if all files that you expect are here, run " +
      "'holdfast admin rebuild-index': garbage collection then frees space again and deletes all content that no file here refers to.",
  );
}

/**
 * With a complete index, garbage collection would delete blocks that no file names. Here these belong to the earlier
 * database.
 */
const lostDatabase =
  "Stop the server and run 'holdfast admin rebuild --from STORE --key FILE --data NEW', or restore a backup. Do not rebuild the index here: " +
  "garbage collection would then delete the blocks.";

/**
 * @returns undefined if the store may belong to these databases, without proof: copied stores may have newer times
 */
async function signOfLostDatabase(store: ObjectStore, shards: DoctorWorld["shards"]): Promise<string | undefined> {
  let isAnythingIn = false;
  let madeMs = Infinity;
  for (const { db } of shards) {
    // This table survives backups, restores and 'admin rebuild'.
    const { rows } = await sql<{ isUsed: boolean; madeMs: number }>`
      select exists (select from shard.nodes where parent_id is not null) as "isUsed",
        (select extract(epoch from min(timestamp::timestamptz)) * 1000 from shard.migration)::float8 as "madeMs"`.execute(
      db,
    );
    isAnythingIn ||= rows[0]?.isUsed === true;
    madeMs = Math.min(madeMs, rows[0]?.madeMs ?? Infinity);
  }
  if (!isAnythingIn) return "the store has packs, but no account has a file";
  for await (const packs of listPacks(store, undefined))
    if (packs.some(({ modifiedAtMs }) => modifiedAtMs < madeMs - clocksApartMs))
      return "the store has packs that are older than this database";
  return undefined;
}

/** Maximum difference between the clocks of a bucket and this machine. */
const clocksApartMs = 3_600_000;

export interface JobsWorld extends Pick<DoctorWorld, "shards" | "clock"> {
  readonly cells: readonly Pick<CellWorld, "db">[];
  readonly config: Parameters<typeof isAlone>[0];
}

export async function checkJobs(world: JobsWorld): Promise<Finding[]> {
  // A server with its own database does all work itself.
  const unattended = isAlone(world.config) ? [] : await findUnattended(world);
  return [...unattended, ...(await findDead(world.shards, unattended))];
}

async function findUnattended(world: JobsWorld): Promise<Finding[]> {
  const jobs = (await Promise.all(world.cells.map(({ db }) => pendingJobs(db, world.clock)))).flat();
  const started = { kind: startMessageKind, keys: jobs.map(({ name }) => name) };
  const messages = await Promise.all(world.shards.map(({ db }) => readUnattended(db, started)));
  const found = [...messages, ...(await unattendedJobs(world, jobs))].filter((each) => each !== undefined);
  if (found.length === 0) return [];
  const waiting = found.reduce((sum, each) => sum + each.waiting, 0);
  const since = formatTime(Math.min(...found.map(({ oldestMicros }) => oldestMicros)));
  const detail = `no process runs the role worker: ${waiting} ${waiting === 1 ? "job waits" : "jobs wait"}, the oldest since ${since}`;
  return [of("worker", fail("jobs", detail, startWorker))];
}

/** A stored job has no message while it runs, or if its process exited. Each worker is connected to every shard. */
async function unattendedJobs({ shards, clock }: JobsWorld, jobs: readonly PendingJob[]): Promise<Unattended[]> {
  const beforeMicros = clock.nowMicros() - unattendedMs * 1000;
  const late = jobs.filter(({ sinceMicros }) => sinceMicros <= beforeMicros);
  if (late.length === 0 || (await anyShard(shards, hasWorker))) return [];
  const unattended: Unattended[] = [];
  for (const { name, isRunning, sinceMicros } of late) {
    if (isRunning && (await anyShard(shards, (db) => isJobLocked(db, name)))) continue;
    unattended.push({ waiting: 1, oldestMicros: sinceMicros });
  }
  return unattended;
}

async function anyShard(
  shards: JobsWorld["shards"],
  check: (db: JobsWorld["shards"][number]["db"]) => Promise<boolean>,
): Promise<boolean> {
  return (await Promise.all(shards.map(({ db }) => check(db)))).includes(true);
}

const startWorker =
  "Start a process with '--roles worker', or without --roles. Until then, e-mails, notifications, new shares, cleanup and the jobs of administrators wait.";

async function findDead(shards: DoctorWorld["shards"], others: readonly Finding[]): Promise<Finding[]> {
  const figures = await queueFigures({ all: () => shards })();
  const dead = figures.filter((figure) => figure.dead > 0).map((figure) => `${figure.dead} ${figure.kind}`);
  if (dead.length === 0) return others.length === 0 ? [ok("jobs", "no failed jobs")] : [];
  return [
    warn(
      "jobs",
      `failed: ${dead.join(", ")}`,
      "'holdfast admin jobs ls --dead' shows why; retry them once the cause is fixed, or remove those that are not needed.",
    ),
  ];
}
