import type { ConflictChoice, ResolvedConflict } from "@holdfast/sync/execute/resolve-conflict";
import type { SyncView } from "./page/sync-view.ts";
import type { SyncReport, WaitingDeletion } from "./report.ts";

export interface SyncControl {
  report(): SyncReport;
  view(): Promise<SyncView>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  waitingDeletions(): readonly WaitingDeletion[];
  approveDeletions(ids: readonly string[]): Promise<void>;
  /** Restores waiting deletions from the other side. */
  undoDeletions(ids: readonly string[]): Promise<void>;
  /**
   * Moves the other state to the local trash.
   * @param path path of the conflicted copy
   */
  resolveConflict(path: string, keep: ConflictChoice): Promise<ResolvedConflict>;
  /**
   * Makes the waiting rules of another account active.
   * @param hash hash of the content that was shown
   * @throws HoldfastError conflict if other rules wait now
   */
  approveRules(hash: string): Promise<void>;
  /** Applies now and at later starts. Bytes per second; null: no limit. */
  changeLimits(limits: { readonly up: number | null; readonly down: number | null }): Promise<void>;
  changeExclusions(change: ExclusionChange): Promise<void>;
}

export interface ExclusionChange {
  readonly exclude: readonly string[];
  readonly include: readonly string[];
  /** Moves local copies of excluded paths to the local trash. */
  readonly freesSpace: boolean;
}
