import type { Clock } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { Cells } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { isPrivate } from "../../base/operation/private-error.ts";
import { readFact, writeFact } from "../../packs/facts/cell-facts.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

/** Jobs with one result for the whole server. The cell of bucket 0 stores their state. */
const facts = { gc: "job gc", "rebuild-index": "job rebuild-index" } as const;

export type WholeJob = keyof typeof facts;

/** Not restored: a restored server would continue the work of the original. */
export const requestedJobFacts: readonly string[] = Object.values(facts);

export interface JobOptions {
  readonly unfinished: boolean;
}

interface StoredJob extends StartedJobJson<unknown> {
  /** Identifies the request. */
  readonly started_at: string;
  readonly options: JobOptions;
}

type JobStore = Pick<Cells, "of">;

/**
 * Stores a request, unless a running job already does the same. A worker then finds the request.
 * @throws HoldfastError conflict if the running job does less
 */
export async function requestJob(
  cells: JobStore,
  name: WholeJob,
  { clock, options }: { readonly clock: Clock; readonly options: JobOptions },
): Promise<void> {
  await inTransaction(dbOf(cells), async (transaction) => {
    // Locks the row, so that simultaneous requests see each other.
    await sql`insert into cell.facts (name, value) values (${facts[name]}, 'null') on conflict (name)
      do update set value = cell.facts.value`.execute(transaction);
    const stored = await readStored(transaction, name);
    if (isPending(stored)) return assertCovers(stored, options);
    const started_at = new Date(clock.nowMs()).toISOString();
    const job: StoredJob = { state: "queued", started_at, finished_at: null, result: null, error: null, options };
    await writeFact(transaction, facts[name], job);
  });
}

export async function readJob<Result>(cells: JobStore, name: WholeJob): Promise<StartedJobJson<Result>> {
  const stored = await readStored(dbOf(cells), name);
  const { state, started_at, finished_at, result, error } = stored ?? neverStarted;
  return { state, started_at, finished_at, result: result as Result | null, error };
}

/** A job whose work was done before the response. */
export function jobDone<Result>(result: Result, startedMs: number, finishedMs: number): StartedJobJson<Result> {
  const [started_at, finished_at] = [new Date(startedMs).toISOString(), new Date(finishedMs).toISOString()];
  return { state: "done", started_at, finished_at, result, error: null };
}

export interface RequestedJobPorts {
  readonly cells: JobStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** The work starts again in the next process if this one stops. */
export function requestedJob(
  ports: RequestedJobPorts,
  name: WholeJob,
  work: (signal: AbortSignal, options: JobOptions) => Promise<unknown>,
): PeriodicJob {
  const db = dbOf(ports.cells);
  return {
    name,
    everyMs: 60_000,
    isDue: async () => isPending(await readStored(db, name)),
    run: async (signal) => {
      const stored = await readStored(db, name);
      if (!isPending(stored)) return;
      await save(db, name, { ...stored, state: "running" });
      try {
        await end(ports, name, stored, { state: "done", result: await work(signal, stored.options) });
      } catch (thrown) {
        const error = toHoldfastError(thrown);
        if (signal.aborted) return save(db, name, { ...stored, state: "queued" });
        ports.log.error({ job: name, code: error.code, reason: error.message }, "a requested job failed");
        const detail = isPrivate(error) ? "The job failed. The server's log has the reason." : error.message;
        await end(ports, name, stored, { state: "failed", error: { code: error.code, detail } });
      }
    },
  };
}

function end(
  { cells, clock }: RequestedJobPorts,
  name: WholeJob,
  stored: StoredJob,
  ended: Partial<StoredJob>,
): Promise<void> {
  return save(dbOf(cells), name, { ...stored, ...ended, finished_at: new Date(clock.nowMs()).toISOString() });
}

/** Another process may have ended this request and begun the next. */
async function save(db: Kysely<CellTables>, name: WholeJob, job: StoredJob): Promise<void> {
  await db
    .updateTable("cell.facts")
    .set({ value: JSON.stringify(job) })
    .where("name", "=", facts[name])
    .where(sql<boolean>`value ->> 'started_at' = ${job.started_at}`)
    .execute();
}

function assertCovers({ options }: StoredJob, wanted: JobOptions): void {
  if (!wanted.unfinished || options.unfinished) return;
  const message =
    "A run without unfinished uploads is in progress. Try again when it has finished ('holdfast admin gc --now' waits for it).";
  throw new HoldfastError("conflict", message);
}

function isPending(job: StoredJob | undefined): job is StoredJob {
  return job?.state === "queued" || job?.state === "running";
}

async function readStored(db: Kysely<CellTables>, name: WholeJob): Promise<StoredJob | undefined> {
  return ((await readFact(db, facts[name])) ?? undefined) as StoredJob | undefined;
}

function dbOf(cells: JobStore): Kysely<CellTables> {
  return cells.of(toBucket(0)).db;
}

const neverStarted: StartedJobJson<unknown> = {
  state: "never",
  started_at: null,
  finished_at: null,
  result: null,
  error: null,
};
