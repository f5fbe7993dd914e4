import type { Clock } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import type { Log } from "../../base/operation/log.ts";
import { isPrivate } from "../../base/operation/private-error.ts";
import {
  changeJob,
  isJobPending,
  isPending,
  type JobOptions,
  type JobPorts,
  type StoredJob,
  type WholeJob,
} from "../../packs/facts/stored-jobs.ts";
import type { PeriodicJob } from "./periodic-jobs.ts";

/**
 * Stores a request, unless a pending job already does the same. A worker then finds the request.
 * @throws HoldfastError conflict if the running job does less
 */
export async function requestJob(ports: JobPorts, name: WholeJob, options: JobOptions): Promise<void> {
  await changeJob(ports, name, (stored) => {
    if (isPending(stored)) return covering(stored, options);
    const at = now(ports.clock);
    const times = { started_at: at, queued_at: at, finished_at: null };
    return { state: "queued", ...times, starts: 0, result: null, error: null, options };
  });
}

/** @returns the job that does what is wanted, too; undefined if it already does */
function covering(job: StoredJob, wanted: JobOptions): StoredJob | undefined {
  if (!wanted.unfinished || job.options.unfinished) return undefined;
  if (job.state === "queued") return { ...job, options: wanted };
  const message =
    "A run without unfinished uploads is in progress. Try again when it has finished ('holdfast admin gc --now' waits for it).";
  throw new HoldfastError("conflict", message);
}

/** A job whose work was done before the response. */
export function jobDone<Result>(result: Result, startedMs: number, finishedMs: number): StartedJobJson<Result> {
  const [started_at, finished_at] = [new Date(startedMs).toISOString(), new Date(finishedMs).toISOString()];
  return { state: "done", started_at, finished_at, result, error: null };
}

export interface RequestedJobPorts extends JobPorts {
  readonly log: Log;
}

/** Interval of checks for a request that its message did not start: below ten seconds with its spread. Each reads one row by its key. */
const checkMs = 9000;

/** The work starts again in the next process if this one stops. */
export function requestedJob(
  ports: RequestedJobPorts,
  name: WholeJob,
  work: (signal: AbortSignal, options: JobOptions) => Promise<unknown>,
): PeriodicJob {
  return {
    name,
    everyMs: checkMs,
    isDue: () => isJobPending(ports, name),
    run: async (signal) => {
      const begun = await changeJob(ports, name, (stored) =>
        isPending(stored) ? begin(stored, ports.clock) : undefined,
      );
      if (begun === undefined) return;
      if (begun.error !== null) return logFailure(ports, name, begun.error.code, begun.error.detail);
      const change = (changed: Partial<StoredJob>) =>
        changeJob(ports, name, (stored) => (isSameStart(stored, begun) ? { ...stored, ...changed } : undefined));
      const end = (ended: Partial<StoredJob>) => change({ ...ended, finished_at: now(ports.clock) });
      try {
        await end({ state: "done", result: await work(signal, begun.options), error: null });
      } catch (thrown) {
        if (signal.aborted) {
          await change({ state: "queued", queued_at: now(ports.clock), starts: begun.starts - 1 });
          return;
        }
        const error = toHoldfastError(thrown);
        logFailure(ports, name, error.code, error.message);
        const detail = isPrivate(error) ? "The job failed. The server's log has the reason." : error.message;
        await end({ state: "failed", error: { code: error.code, detail } });
      }
    },
  };
}

function begin(job: StoredJob, clock: Clock): StoredJob {
  if (job.starts >= limits.requestedJobStartsMax) {
    const detail = `The job was interrupted ${job.starts} times, because its process exited unexpectedly or lost the database, so it is not started again. The logs of the processes with the role worker may show why.`;
    return { ...job, state: "failed", finished_at: now(clock), error: { code: "internal", detail } };
  }
  return { ...job, state: "running", starts: job.starts + 1 };
}

/** False if another process has taken the job over, or ended it, or stopped in order and left it to the next start. */
function isSameStart(stored: StoredJob | undefined, begun: StoredJob): stored is StoredJob {
  return stored?.started_at === begun.started_at && stored.starts === begun.starts && stored.state !== "queued";
}

function logFailure({ log }: RequestedJobPorts, job: WholeJob, code: string, reason: string): void {
  log.error({ job, code, reason }, "a requested job failed");
}

function now(clock: Clock): string {
  return new Date(clock.nowMs()).toISOString();
}
