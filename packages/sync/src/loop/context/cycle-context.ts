import type { NodeId } from "@holdfast/core/ids";
import type { EarlyBlocks } from "../../remote/early-blocks.ts";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import type { Brakes } from "../../brakes/brakes.ts";
import type { Freed } from "../../execute/free-space.ts";
import type { ConflictCopies } from "../delays/conflict-copies.ts";
import type { EarlierVersions } from "../tracking/earlier-versions.ts";
import type { UnreadableFiles } from "../tracking/unreadable-files.ts";
import type { NonDurableItems } from "../tracking/non-durable-items.ts";
import type { DirtyPathTracker } from "../tracking/dirty-path-tracker.ts";
import type { DiskRetries } from "../delays/disk-retries.ts";
import type { DiskSpace } from "../delays/space.ts";
import type { SkippedItems } from "../tracking/skipped-items.ts";
import type { DebouncedGroup } from "../delays/debounced-group.ts";
import type { DelayedDeletions } from "../delays/delayed-deletions.ts";
import type { QuarantineList } from "../reports/quarantine-list.ts";
import type { Identity } from "@holdfast/sync-ports/ports";
import type { UploadDebounce } from "../delays/upload-debounce.ts";
import type { Progress } from "../reports/progress.ts";
import type { MemoryLimits } from "./memory-limits.ts";
import type { PlanRounds } from "./plan-rounds.ts";
import type { PersistentRefusals } from "../tracking/persistent-refusals.ts";
import type { IsCopiedMarker } from "../../scan/other-root.ts";
import type { VacatedNames } from "../../scan/vacated-names.ts";
import type { DirtyPaths } from "../../scan/scope.ts";
import type { Transfers } from "../transfers/transfers.ts";

/** Last result of freeing space; undefined: none since the engine started. */
export interface Freeing {
  last: Freed | undefined;
  /** Paths kept by this and earlier runs, until included again. */
  kept: ReadonlySet<string>;
}

export interface CycleContext extends ExecutionContext {
  readonly slotKey: (name: string) => string;
  readonly brakes: Brakes;
  readonly times: { nextExpiryMs: number };
  readonly freeing: Freeing;
  readonly identity: Identity;
  /** The disk assigns new inode numbers at each start and has done so since the last scan. */
  readonly inodeNumbers: { areNew: boolean };
  readonly progress: Progress;
  readonly dirty: DirtyPathTracker;
  /** Returns further dirty paths, after a short wait for related hints. */
  readonly moreDirtyPaths: () => Promise<DirtyPaths>;
  readonly skipped: SkippedItems;
  readonly unread: UnreadableFiles;
  readonly boot?: string | undefined;
  /** Private items that a power failure may have made public, until each is checked. */
  readonly unverifiedModes: { ids: ReadonlySet<NodeId> };
  readonly uploadDebounce: UploadDebounce;
  readonly conflictCopies: ConflictCopies;
  readonly earlierVersions: EarlierVersions;
  readonly vacated: VacatedNames;
  readonly quarantine: QuarantineList;
  readonly delayedDeletions: DelayedDeletions;
  /** Files that return to older content. */
  readonly restoredFiles: DebouncedGroup;
  readonly earlyBlocks: EarlyBlocks;
  readonly transfers: Transfers;
  readonly isCopied?: IsCopiedMarker | undefined;
  readonly memoryLimits: MemoryLimits;
  readonly planRounds: PlanRounds;
  readonly persistentRefusals: PersistentRefusals;
  readonly diskRetries: DiskRetries;
  readonly nonDurable: NonDurableItems;
  readonly freeSpace: (() => Promise<DiskSpace | undefined>) | undefined;
  /** Throws if the engine was stopped. */
  readonly checkStop: () => void;
}
