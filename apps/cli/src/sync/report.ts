import { z } from "zod";

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
  /** Only while the client is not running and a recorded answer includes deletions: the next run makes them. */
  deletions_approved: z.int().optional(),
  /** Likewise: the next run restores them. */
  deletions_undone: z.int().optional(),
});
export type SyncReport = z.infer<typeof syncReport>;

/** Rewrites wait too: many files rewritten at once, as programs do that take files hostage. */
export const waitingDeletion = z.object({
  id: z.string(),
  what: z.enum(["deletion", "rewrite"]),
  /** Reason for which a rewrite waits: `rollback`, `damage` or `many`. Absent from an older client; a newer one may have others. */
  why: z.string().optional(),
  path: z.string(),
  /** Where it would be done. */
  side: z.enum(["here", "server"]),
  kind: z.enum(["file", "folder", "symlink"]).default("file"),
  /** Of the file that would go or be replaced; a client of before does not say. */
  bytes: z.int().default(0),
});
export type WaitingDeletion = z.infer<typeof waitingDeletion>;

/** An answer to deletions that the next run applies, or an approval that the last run did not finish. */
export const recordedAnswer = z.object({ action: z.enum(["approve", "undo"]), answered: z.array(waitingDeletion) });
export type RecordedAnswer = z.infer<typeof recordedAnswer>;

export const reportBytesMax = 256 * 2 ** 20;
