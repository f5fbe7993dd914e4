import type { Clock } from "@holdfast/core/clock";
import { toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Cells } from "../../base/db/shards.ts";
import { readFact, writeFact } from "./cell-facts.ts";

/** Jobs with one result for the whole server. The cell of bucket 0 stores their state. */
const facts = { gc: "job gc", "rebuild-index": "job rebuild-index" } as const;

export type WholeJob = keyof typeof facts;

const names = Object.keys(facts) as WholeJob[];

/** Kind of the messages that start these jobs, with their names as keys; see `job-message.ts`. */
export const startMessageKind = "job";

/** Not restored: a restored server would continue the work of the original. */
export const storedJobFacts: readonly string[] = Object.values(facts);

export interface JobOptions {
  readonly unfinished: boolean;
}

export interface StoredJob extends StartedJobJson<unknown> {
  readonly started_at: string;
  readonly options: JobOptions;
  /** Time since when it waits, or waited last. */
  readonly queued_at: string;
  /** Does not count a start whose process stopped in order. */
  readonly starts: number;
}

type EarlierJob = Omit<StoredJob, "queued_at" | "starts"> & Partial<StoredJob>;

export interface JobPorts {
  readonly cells: Pick<Cells, "of">;
  readonly clock: Clock;
}

export async function readJob<Result>({ cells, clock }: JobPorts, name: WholeJob): Promise<StartedJobJson<Result>> {
  const stored = await readStored(dbOf(cells), name, clock);
  const { state, started_at, finished_at, result, error } = stored ?? neverStarted;
  return { state, started_at, finished_at, result: result as Result | null, error };
}

export function isPending(job: StoredJob | undefined): job is StoredJob {
  return job?.state === "queued" || job?.state === "running";
}

export interface PendingJob {
  readonly name: WholeJob;
  readonly isRunning: boolean;
  /** Time since when it waits, or waited last. */
  readonly sinceMicros: number;
}

/** @returns jobs of this cell that wait or run */
export async function pendingJobs(db: Kysely<CellTables>, clock: Clock): Promise<PendingJob[]> {
  const jobs = await Promise.all(names.map(async (name) => ({ name, job: await readStored(db, name, clock) })));
  return jobs.flatMap(({ name, job }) =>
    isPending(job) ? [{ name, isRunning: job.state === "running", sinceMicros: Date.parse(job.queued_at) * 1000 }] : [],
  );
}

export async function isJobPending({ cells, clock }: JobPorts, name: WholeJob): Promise<boolean> {
  return isPending(await readStored(dbOf(cells), name, clock));
}

/**
 * Simultaneous changes see each other. May call `next` again after a conflict.
 * @param next returns undefined for no change
 */
export async function changeJob(
  { cells, clock }: JobPorts,
  name: WholeJob,
  next: (stored: StoredJob | undefined) => StoredJob | undefined,
): Promise<StoredJob | undefined> {
  return inTransaction(dbOf(cells), async (transaction) => {
    // Locks the row, also if it is new.
    await sql`insert into cell.facts (name, value) values (${facts[name]}, 'null') on conflict (name)
      do update set value = cell.facts.value`.execute(transaction);
    const job = next(await readStored(transaction, name, clock));
    if (job !== undefined) await writeFact(transaction, facts[name], job);
    return job;
  });
}

async function readStored(db: Kysely<CellTables>, name: WholeJob, clock: Clock): Promise<StoredJob | undefined> {
  const stored = ((await readFact(db, facts[name])) ?? undefined) as EarlierJob | undefined;
  if (stored === undefined) return undefined;
  return judged({ queued_at: stored.started_at, starts: 0, ...stored }, clock.nowMs());
}

/** An expired request has failed for all readers. No process has to be running to store that. */
function judged(job: StoredJob, nowMs: number): StoredJob {
  const untilMs = Date.parse(job.queued_at) + limits.requestedJobWaitMs;
  if (job.state !== "queued" || nowMs < untilMs) return job;
  const hours = limits.requestedJobWaitMs / 3_600_000;
  const detail = `No process with the role worker ran the job within ${hours} hours. Start one, then request the job again.`;
  const error = { code: "unavailable", detail };
  return { ...job, state: "failed", finished_at: new Date(untilMs).toISOString(), error };
}

function dbOf(cells: Pick<Cells, "of">): Kysely<CellTables> {
  return cells.of(toBucket(0)).db;
}

const neverStarted: StartedJobJson<unknown> = {
  state: "never",
  started_at: null,
  finished_at: null,
  result: null,
  error: null,
};
