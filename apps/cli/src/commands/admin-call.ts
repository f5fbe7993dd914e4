import { setTimeout as wait } from "node:timers/promises";
import type { CallRequest } from "@holdfast/api-client/request";
import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { groupRoutes } from "@holdfast/protocol/group-routes";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import type { RouteAnswer, RouteName, routes } from "@holdfast/protocol/routes";
import { newCommand } from "./command.ts";
import type { Run } from "../invocation/run.ts";

export type AdminRoute = RouteName & (`admin${string}` | keyof typeof groupRoutes);

/** Adds --data: every administration command can also run directly on the data folder, without a login. */
export function newAdminCommand(name: string, summary: string, examples: readonly string[], json?: string) {
  return newCommand(name, summary, examples, json).option(
    "--data <folder>",
    "use this data folder instead of the server that you are signed in to",
  );
}

/**
 * Reports on Ctrl-C that a server continues its work, or that work on a data folder ends.
 * @param words name: the work as a noun; later: how to see its result
 */
export async function reportedOnSignals<Result>(
  run: Run,
  data: unknown,
  { name, later }: { readonly name: string; readonly later: string },
  work: () => Promise<Result>,
): Promise<Result> {
  const { clearedOnSignals } = await import("../invocation/interruption.ts");
  const message =
    typeof data === "string"
      ? `interrupted; ${name} is unfinished. Run the same command again.`
      : `interrupted; the server continues ${name}. ${later}`;
  return clearedOnSignals(run, { clear: () => undefined, message }, work);
}

/** Calls a route on the server, or its code on the data folder. Both return the same result. */
export async function adminCall<Name extends AdminRoute>(
  run: Run,
  data: unknown,
  name: Name,
  request: CallRequest<Name>,
): Promise<RouteAnswer<(typeof routes)[Name]>> {
  if (typeof data === "string") {
    const { runAdmin } = await import("@holdfast/server/admin");
    return (await runAdmin(data, name, request, run.context.environment)) as RouteAnswer<(typeof routes)[Name]>;
  }
  const { client } = await run.connect();
  const call = client.call.bind(client) as unknown as (name: Name, request: CallRequest<Name>) => Promise<unknown>;
  return (await call(name, request)) as RouteAnswer<(typeof routes)[Name]>;
}

/** Intervals grow, so that short work ends the command immediately. */
const pollIntervalMsMin = 50;
const pollIntervalMsMax = 2000;

/** Polls work of the server. @returns the first report that is over */
export async function polled<Report>(
  started: Report,
  isOver: (report: Report) => boolean,
  read: () => Promise<Report>,
): Promise<Report> {
  let report = started;
  for (
    let intervalMs = pollIntervalMsMin;
    !isOver(report);
    intervalMs = Math.min(intervalMs * 1.5, pollIntervalMsMax)
  ) {
    await wait(intervalMs);
    report = await read();
  }
  return report;
}

/** Workers begin a job immediately, or at the latest after ten seconds. */
const queuedMsMax = 15_000;

/** @returns the result of a job of the server @throws HoldfastError that ended it */
export async function jobResult<Result>(
  { output }: Run,
  started: StartedJobJson<Result>,
  read: () => Promise<StartedJobJson<Result>>,
): Promise<Result> {
  const noteLater = () => setTimeout(() => output.note(noWorker), queuedMsMax);
  let late: NodeJS.Timeout | undefined = noteLater();
  try {
    const isOver = ({ state }: StartedJobJson<Result>) => state !== "queued" && state !== "running";
    const { result, error } = await polled(started, isOver, async () => {
      const report = await read();
      // A job whose worker stops is queued again.
      if (report.state === "queued") late ??= noteLater();
      else {
        clearTimeout(late);
        late = undefined;
      }
      return report;
    });
    if (result !== null) return result;
    const { code, detail } = error ?? { code: "internal", detail: "The server has no result of the job." };
    throw new HoldfastError(isErrorCode(code) ? code : "internal", detail);
  } finally {
    clearTimeout(late);
  }
}

const noWorker =
  "The job has not started: no process with the role worker is running. 'holdfast admin doctor' shows the reason.";
