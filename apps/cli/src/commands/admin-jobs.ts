import type { QueuedJobJson } from "@holdfast/protocol/job-routes";
import { printable } from "@holdfast/core/printable";
import { type Column, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function jobsCommand(context: Context) {
  return newGroup(
    "jobs",
    "Background jobs that are pending or failed permanently",
    ["admin jobs ls --dead", "admin jobs retry 0198…"],
    [list(context), retry(context), remove(context)],
    list(context),
  );
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "KIND" },
  { title: "STATE" },
  { title: "TRIED" },
  { title: "SINCE" },
  { title: "PROBLEM" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List pending, running and failed jobs", [
    "admin jobs ls",
    "admin jobs ls --dead",
  ]).option("--dead", "only jobs that failed permanently");
  return runs<[]>(context, command, async (run, { data, dead }) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const only = dead === true ? { dead: "true" as const } : {};
    const pages = allPages((cursor) =>
      adminCall(run, data, "adminListJobs", {
        query: { ...only, limit: pageItemsMax, ...(cursor === undefined ? {} : { cursor }) },
      }),
    );
    const listing = new Listing(run.output, columns, "There are no jobs.");
    await run.output.listing(pages, (jobs) => listing.lines(jobs.map((job) => cellsOf(job, listing))));
  });
}

function cellsOf(job: QueuedJobJson, listing: Listing): string[] {
  const { id, kind, state, attempts, due_at, created_at, problem } = job;
  const until = state === "waiting" && due_at !== null ? `${state} until ${listing.time(due_at)}` : state;
  const tried = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  return [id, kind, until, tried, listing.time(created_at), printable(problem ?? "")];
}

function retry(context: Context) {
  const command = newAdminCommand("retry", "Run a job again now", ["admin jobs retry 0198…"]).argument(
    "<id>",
    "ID from 'holdfast admin jobs ls'",
  );
  return runs<[string]>(context, command, async (run, id, { data }) => {
    const job = await adminCall(run, data, "adminRetryJob", { params: { id } });
    await run.output.done(job, () => [`${job.kind} ${job.id} will run again`]);
  });
}

function remove(context: Context) {
  const command = newAdminCommand("rm", "Remove a job from the queue without running it", [
    "admin jobs rm 0198…",
  ]).argument("<id>", "ID from 'holdfast admin jobs ls'");
  return runs<[string]>(context, command, async (run, id, { data }) => {
    await adminCall(run, data, "adminRemoveJob", { params: { id } });
    await run.output.done({ id, removed: true }, () => [`removed ${id}`]);
  });
}
