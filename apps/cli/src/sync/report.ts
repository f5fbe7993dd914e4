import type { Keep } from "@holdfast/sync/execute/keep-conflict";
import { z } from "zod";
import type { SyncView } from "./page/sync-view.ts";

/** What `holdfast status --json` says of one sync: a contract, so members are added and never changed. */
export const syncReport = z.object({
  root: z.string(),
  server: z.string(),
  account: z.string(),
  device: z.string(),
  state: z.enum(["idle", "syncing", "paused", "offline", "waiting"]),
  /** Opens the local page; null while the client is not running. */
  page_url: z.string().nullable(),
  pending_files: z.int(),
  last_sync_at: z.string().nullable(),
  problems: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
  conflicts: z.array(z.string()),
  deletions_waiting: z.int(),
});
export type SyncReport = z.infer<typeof syncReport>;

/** Rewrites wait too: many files rewritten at once, as programs do that take files hostage. */
export const waitingDeletion = z.object({
  id: z.string(),
  what: z.enum(["deletion", "rewrite"]),
  path: z.string(),
  /** Where it would be done. */
  side: z.enum(["here", "server"]),
  kind: z.enum(["file", "folder", "symlink"]).default("file"),
  /** Of the file that would go or be replaced; a client of before does not say. */
  bytes: z.int().default(0),
});
export type WaitingDeletion = z.infer<typeof waitingDeletion>;

/** The running client, as its control channel needs it. */
export interface SyncControl {
  report(): SyncReport;
  /** For the page. */
  view(): Promise<SyncView>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  waitingDeletions(): readonly WaitingDeletion[];
  /** Exactly these; what waits beside them waits on. */
  approveDeletions(ids: readonly string[]): Promise<void>;
  /** Brings what waits back from the other side. */
  undoDeletions(ids: readonly string[]): Promise<void>;
  /** Ends one conflict; what is not kept goes to the local trash. @param path of the conflicted copy */
  keepOfConflict(path: string, keep: Keep): Promise<void>;
  /** From now on, and for the next starts. Bytes a second; null: none. */
  changeLimits(limits: { readonly up: number | null; readonly down: number | null }): Promise<void>;
  changeExclusions(change: ExclusionChange): Promise<void>;
}

export interface ExclusionChange {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  /** Whether the local copies of what is excluded go to the local trash. */
  readonly freesSpace: boolean;
}

export const reportBytesMax = 256 * 2 ** 20;
