import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import { defineRoute } from "./route.ts";
import { idText, page } from "./values.ts";

export const queuedJob = z
  .object({
    id: z.string(),
    kind: z.string(),
    key: z.string().nullable().describe("of the jobs with one key, one runs at a time and only the newest waits"),
    state: z.enum(["waiting", "running", "dead"]),
    attempts: z.int().describe("number of attempts"),
    due_at: z.string().nullable().describe("null: as soon as possible"),
    problem: z.string().nullable().describe("reason why the last attempt failed"),
    created_at: z.string(),
    died_at: z.string().nullable(),
  })
  .meta({ id: "QueuedJob" });
export type QueuedJobJson = z.output<typeof queuedJob>;

/** A job that administrators start. One of its kind runs at a time, and its last state is kept. */
export function startedJob<Result extends z.ZodType>(result: Result) {
  return z.object({
    state: z
      .enum(["never", "queued", "running", "done", "failed"])
      .describe("queued: no process with the role worker has begun it yet"),
    started_at: z.string().nullable().describe("time of the request"),
    finished_at: z.string().nullable(),
    result: result.nullable().describe("null until it is done"),
    error: z
      .object({ code: z.string(), detail: z.string() })
      .nullable()
      .describe("failed: the reason, as in a problem"),
  });
}
export type StartedJobJson<Result> = z.output<ReturnType<typeof startedJob<z.ZodType<Result>>>>;

/** Jobs of the server. */
export const jobRoutes = {
  getJob: defineRoute({
    method: "GET",
    path: "/jobs/:id",
    tag: "Server",
    access: "files:read",
    callers: ["app_password"],
    cost: "call",
    bodyKind: "none",
    summary: "Get the state of a job that the caller started; kept for 30 days",
    params: z.object({ id: idText }),
    responses: {
      200: z.object({
        state: z.enum(["queued", "running", "done", "failed"]),
        result: z
          .unknown()
          .describe("done: see the route that started the job; failed: {code, detail}; otherwise null"),
      }),
    },
  }),
  adminListJobs: defineRoute({
    method: "GET",
    path: "/admin/jobs",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "List pending, running and failed jobs",
    query: z.object({
      dead: z.enum(["true", "false"]).optional().describe("only jobs that were given up"),
      limit: z.coerce.number().int().min(1).max(limits.listItemsMax).optional(),
      cursor: z.string().max(4096).optional(),
    }),
    responses: { 200: page(queuedJob) },
  }),
  adminRetryJob: defineRoute({
    method: "POST",
    path: "/admin/jobs/:id/retry",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Run a pending or failed job again now",
    params: z.object({ id: idText }),
    responses: { 200: queuedJob },
  }),
  adminRemoveJob: defineRoute({
    method: "DELETE",
    path: "/admin/jobs/:id",
    tag: "Administration",
    access: "admin",
    cost: "call",
    bodyKind: "none",
    summary: "Remove a job from the queue without running it",
    params: z.object({ id: idText }),
    responses: { 204: "empty" },
  }),
};
