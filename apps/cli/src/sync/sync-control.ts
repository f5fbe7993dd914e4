import type { Keep, KeptConflict } from "@holdfast/sync/execute/keep-conflict";
import type { SyncView } from "./page/sync-view.ts";
import type { SyncReport, WaitingDeletion } from "./report.ts";

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
  keepOfConflict(path: string, keep: Keep): Promise<KeptConflict>;
  /** Makes the waiting rules of another account active. @param hash of the content that was shown @throws HoldfastError conflict if another one waits by now */
  approveRules(hash: string): Promise<void>;
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
