import { join } from "node:path";
import { z } from "zod";
import { shellWord } from "@holdfast/core/shell-word";
import { askRunning } from "./control-client.ts";
import type { RunningStatus } from "./control-client.ts";
import { readPrivate, writePrivate } from "./known-syncs.ts";
import type { KnownSync, SyncRecord } from "./known-syncs.ts";
import { reportBytesMax, syncReport, waitingDeletion } from "./report.ts";
import type { SyncReport } from "./report.ts";

const saved = z.object({ report: syncReport, deletions: z.array(waitingDeletion) });
const lastStatusName = "last-status.json";

/** Kept for when the client does not run. */
export function saveLastStatus(folder: string, status: RunningStatus): Promise<void> {
  return writePrivate(join(folder, lastStatusName), status);
}

export interface KnownStatus extends RunningStatus {
  readonly isRunning: boolean;
}

/** From the running client, or what the last one left. */
export async function statusOf(sync: KnownSync): Promise<KnownStatus> {
  const running = await askRunning(sync);
  if (running !== undefined) return { ...running, isRunning: true };
  return { ...(await lastStatus(sync)), isRunning: false };
}

/** What the last client left. */
export async function lastStatus(sync: KnownSync): Promise<RunningStatus> {
  const last = await readPrivate(join(sync.folder, lastStatusName), saved, reportBytesMax);
  return { report: stopped(sync, last?.report), deletions: last?.deletions ?? [] };
}

/** That the client does not run, and how to start it. */
export function notRunning({ root, is_paused }: Pick<SyncRecord, "root" | "is_paused">): string {
  return is_paused
    ? `It is paused, and its client is not running. Run 'holdfast resume', then start it with: holdfast sync ${shellWord(root)}`
    : `Its client is not running. Start it with: holdfast sync ${shellWord(root)}`;
}

/** The contract has no word for a client that does not run: it is offline, or paused, and a problem says why. */
function stopped({ record }: KnownSync, last: SyncReport | undefined): SyncReport {
  const { root, server, account, device, is_paused } = record;
  return {
    ...(last ?? { pending_files: 0, last_sync_at: null, conflicts: [], deletions_waiting: 0 }),
    root,
    server,
    account,
    device,
    state: is_paused ? "paused" : "offline",
    page_url: null,
    problems: [{ path: "", code: "not_running", message: notRunning(record) }, ...(last?.problems ?? [])],
  };
}
