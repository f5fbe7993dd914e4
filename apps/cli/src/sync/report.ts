import { z } from "zod";

/** Output of `holdfast status --json`. A contract: members are added and never changed. */
export const syncReport = z.object({
  root: z.string(),
  server: z.string(),
  account: z.string(),
  device: z.string(),
  state: z.enum(["idle", "syncing", "paused", "offline", "waiting"]),
  /** URL of the local page; null while the client is not running. */
  page_url: z.string().nullable(),
  pending_files: z.int(),
  last_sync_at: z.string().nullable(),
  problems: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
  conflicts: z.array(z.string()),
  deletions_waiting: z.int(),
  /** Approved deletions that the next run makes; only while the client is not running. */
  deletions_approved: z.int().optional(),
  /** Deletions that the next run restores; only while the client is not running. */
  deletions_undone: z.int().optional(),
});
export type SyncReport = z.infer<typeof syncReport>;

/** Includes rewrites of many files, as by ransomware. */
export const waitingDeletion = z.object({
  id: z.string(),
  what: z.enum(["deletion", "rewrite"]),
  /**
   * Reason why a rewrite waits: `rollback`, `damage` or `many`. Absent from an older client; a newer one may have
   * others.
   */
  why: z.string().optional(),
  path: z.string(),
  /** Side on which the change would be made. */
  side: z.enum(["here", "server"]),
  kind: z.enum(["file", "folder", "symlink"]).default("file"),
  /** 0 from an older client */
  bytes: z.int().default(0),
});
export type WaitingDeletion = z.infer<typeof waitingDeletion>;

/** Answer for the next run, or approval that the last run did not finish. */
export const recordedAnswer = z.object({ action: z.enum(["approve", "undo"]), answered: z.array(waitingDeletion) });
export type RecordedAnswer = z.infer<typeof recordedAnswer>;

export const reportBytesMax = 256 * 2 ** 20;
