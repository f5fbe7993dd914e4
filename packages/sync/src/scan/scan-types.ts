import type { NodeId } from "@holdfast/core/ids";
import type { LocalTree } from "../model/local-tree.ts";
import type { MissingFeatures } from "../model/missing-features.ts";
import type { Patches } from "../model/patches.ts";
import type { Intent, LocalRow, SyncedRow } from "../model/trees.ts";
import type { KnownManifests } from "./at-rest.ts";
import type { RootSigns } from "./other-root.ts";
import type { DirtyPaths, StartFolder } from "./scope.ts";
import type { KnownRows } from "./sweep.ts";
import type { ScanProgress } from "./scan-progress.ts";
import type { SinkFor } from "./block-sink.ts";
import type { IsHidden, Skip } from "./walk.ts";

export interface ScanInput {
  /** Excludes hidden items. */
  readonly tree: LocalTree;
  readonly rows: KnownRows;
  readonly bases: Pick<ReadonlyMap<NodeId, SyncedRow>, "get">;
  readonly isHidden: IsHidden;
  readonly rootSigns: RootSigns;
  /** True if nothing known at or below the path depends on it, so that the folder can be moved as a whole. */
  readonly isFree: (path: string) => boolean;
  /** True for an unknown file that need not be read, unless it could be a missing one. */
  readonly isPassedOver: (path: string) => boolean;
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly dirtyPaths: DirtyPaths;
  /**
   * Folders left by an earlier scan; undefined: all dirty paths. Others are scanned only if items in these are missing.
   */
  readonly startFolders?: readonly StartFolder[] | undefined;
  /** Limit of differing entries. Beyond it, other folders are left to a later scan. */
  readonly entriesMax: number;
  /** Returns further dirty paths, after a short wait for related hints. */
  readonly moreDirtyPaths: () => Promise<DirtyPaths>;
  /** Throws when the scan must end. Unlisted folders then do not count as unknown, which would take long to process. */
  readonly checkStop?: () => void;
  readonly slotKey: (name: string) => string;
  readonly missingFeatures: MissingFeatures;
  readonly makeNodeId: () => NodeId;
  /** True if the path became unreadable just now. */
  readonly isTransient: (path: string) => boolean;
  readonly manifests: KnownManifests;
  readonly sinkFor?: SinkFor | undefined;
  readonly progress?: ScanProgress | undefined;
  /** undefined: the real settings. The simulator's files are short, and some must count as large. */
  readonly patches?: Patches | undefined;
}

export interface ScanResult {
  /** undefined: the item is gone */
  readonly changes: ReadonlyMap<NodeId, LocalRow | undefined>;
  /** Path -> reason, in scanned folders. */
  readonly skipped: ReadonlyMap<string, Skip>;
  /** Scanned folders with hidden or skipped content. */
  readonly keepers: ReadonlySet<string>;
  /** Missing node -> hidden path at which it was found. */
  readonly nowHidden: ReadonlyMap<NodeId, string>;
  readonly listed: ReadonlySet<string>;
  /** Path -> error code, or `changing`. `not_found`: removed meanwhile. */
  readonly unread: ReadonlyMap<string, string>;
  /** Missing items that count as present, because they may be at an unreadable path. */
  readonly held: ReadonlySet<string>;
  readonly boundaries: ReadonlySet<string>;
  readonly otherRoots: ReadonlySet<string>;
  readonly isComplete: boolean;
  /** True if the item at the path, or its absence, is known. For "": everything was readable. */
  readonly isCertain: (path: string) => boolean;
  /** Places that were changing or unreadable. */
  readonly rescan: DirtyPaths;
  /** New folders left to a later scan. Nothing is missing in that case. */
  readonly later: readonly StartFolder[];
}
