import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { controlFile, controlName } from "./control-channel.ts";
import type { ControlFile } from "./control-channel.ts";
import { readPrivate } from "./known-syncs.ts";
import type { KnownSync } from "./known-syncs.ts";
import { syncReport, waitingDeletion } from "./report.ts";

const status = z.object({ report: syncReport, deletions: z.array(waitingDeletion) });
export type RunningStatus = z.infer<typeof status>;
const failure = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

type Action = "pause" | "resume" | "deletions/approve" | "deletions/undo";

const answerTimeoutMs = 30_000;

/** @returns undefined if the client of that sync does not run */
export async function askRunning(sync: KnownSync): Promise<RunningStatus | undefined> {
  return call(sync, "GET", "status");
}

/** @returns the status after it; undefined if the client of that sync does not run */
export async function tellRunning(
  sync: KnownSync,
  action: Action,
  ids?: readonly string[],
): Promise<RunningStatus | undefined> {
  return call(sync, "POST", action, ids);
}

async function call(
  sync: KnownSync,
  method: string,
  path: string,
  ids?: readonly string[],
): Promise<RunningStatus | undefined> {
  const control = await readPrivate(join(sync.folder, controlName), controlFile, 64 * 1024);
  if (control === undefined) return undefined;
  const answer = await send(control, method, path, ids);
  // Somebody else may listen where a client that was killed did.
  if (answer === undefined || answer.status === 401 || answer.status === 403) return undefined;
  const value: unknown = await answer.json().catch(() => undefined);
  if (!answer.ok) {
    const told = failure.safeParse(value);
    throw new HoldfastError("failed", told.success ? told.data.error.message : `The client answered ${answer.status}.`);
  }
  const parsed = status.safeParse(value);
  if (!parsed.success || parsed.data.report.root !== sync.record.root) return undefined;
  return parsed.data;
}

async function send(
  { url, token }: ControlFile,
  method: string,
  path: string,
  ids?: readonly string[],
): Promise<Response | undefined> {
  try {
    return await fetch(`${url}/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(answerTimeoutMs),
      ...(ids === undefined ? {} : { body: JSON.stringify({ ids }) }),
    });
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "TimeoutError") {
      throw new HoldfastError("unreachable", `The client at ${url} does not answer.`, { cause: thrown });
    }
    return undefined;
  }
}
