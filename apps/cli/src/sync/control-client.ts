import { join } from "node:path";
import { readText } from "@holdfast/api-client/answer";
import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import { z } from "zod";
import type { Action } from "./control-acts.ts";
import { controlFile, controlName } from "./control-file.ts";
import type { ControlFile } from "./control-file.ts";
import { readPrivate } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";
import { syncView } from "./page/sync-view.ts";
import type { SyncView } from "./page/sync-view.ts";
import { syncReport, waitingDeletion } from "./report.ts";

const status = z.object({
  report: syncReport,
  deletions: z.array(waitingDeletion),
  new_path: z.string().optional(),
  trash_path: z.string().optional(),
});
export type RunningStatus = z.infer<typeof status>;
const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const answerTimeoutMs = 30_000;
/** Short, because the page polls. */
const viewTimeoutMs = 3000;

/** @returns undefined if the client is not running */
export async function askRunning(sync: KnownSync): Promise<RunningStatus | undefined> {
  return statusIn(sync, await call(sync, "GET", "status"));
}

/**
 * @returns undefined if the client is not running
 * @throws HoldfastError unreachable if the client does not respond; failed if its version has no view
 */
export async function askView(sync: KnownSync): Promise<SyncView | undefined> {
  const parsed = syncView.safeParse(await call(sync, "GET", "view", undefined, viewTimeoutMs));
  return parsed.success && parsed.data.root === sync.record.root ? parsed.data : undefined;
}

/** @returns undefined if the client is not running */
export async function sendToRunning(
  sync: KnownSync,
  action: Action,
  body?: unknown,
): Promise<RunningStatus | undefined> {
  return statusIn(sync, await call(sync, "POST", action, body));
}

/** Checks the root, because another client may use the port of one that was killed. */
function statusIn(sync: KnownSync, answer: unknown): RunningStatus | undefined {
  const parsed = status.safeParse(answer);
  return parsed.success && parsed.data.report.root === sync.record.root ? parsed.data : undefined;
}

/** @returns undefined if no client with this token responds */
async function call(
  sync: KnownSync,
  method: string,
  path: string,
  body?: unknown,
  timeoutMs = answerTimeoutMs,
): Promise<unknown> {
  const control = await readPrivate(join(sync.folder, controlName), controlFile, 64 * 1024);
  if (control === undefined) return undefined;
  const request = { method, body: body === undefined ? null : JSON.stringify(body) };
  const answer = await send(control, path, request, timeoutMs);
  if (answer === undefined || answer.status === 401 || answer.status === 403) return undefined;
  const value = await readJson(answer);
  if (answer.ok) return value;
  const problem = failure.safeParse(value);
  const code = problem.success && isErrorCode(problem.data.error.code) ? problem.data.error.code : "failed";
  throw new HoldfastError(code, problem.success ? problem.data.error.message : `The client answered ${answer.status}.`);
}

/** Limits the size, because another program may use the port now. */
async function readJson({ body }: Response): Promise<unknown> {
  try {
    return JSON.parse(await readText({ body: (body ?? []) as AsyncIterable<Uint8Array> })) as unknown;
  } catch {
    return undefined;
  }
}

async function send(
  { url, token }: ControlFile,
  path: string,
  request: { readonly method: string; readonly body: string | null },
  timeoutMs: number,
): Promise<Response | undefined> {
  try {
    return await fetch(`${url}/${path}`, {
      ...request,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
      throw new HoldfastError("unreachable", `The client at ${url} does not answer.`, { cause: thrown });
    }
    return undefined;
  }
}
