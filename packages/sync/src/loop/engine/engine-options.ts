import type { Random } from "@holdfast/core/clock";
import type { NodeId } from "@holdfast/core/ids";
import type { BrakeSetting } from "../../brakes/brakes.ts";
import type { MissingFeatures } from "../../model/missing-features.ts";
import type { Identity, LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { IsCopiedMarker } from "../../scan/other-root.ts";
import type { NewlyHidden } from "../../rules/newly-hidden.ts";
import type { SyncState } from "../../state/sync-state.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import type { MemoryLimits } from "../context/memory-limits.ts";
import type { RecentChange } from "../reports/progress.ts";
import type { DiskSpace } from "../delays/space.ts";

export interface EngineOptions {
  readonly disk: LocalDisk;
  readonly server: Server;
  readonly state: SyncState;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  /** @param beside folder in the space of the new node; undefined: the root's space */
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  /** Ids contain the shard, so a new node needs one of its space. undefined: any id may be used. */
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
  readonly device: string;
  readonly identity: Identity;
  /**
   * Identifies this system start; unsynced data may be lost after another one. undefined: every process start counts.
   */
  readonly boot?: string | undefined;
  /** Equal keys: names that are equal on this disk. */
  readonly slotKey: (name: string) => string;
  /** Number of deletions from which they are held; undefined: 500, or a quarter of the tree and at least 50. */
  readonly brake: BrakeSetting;
  /** Paths to exclude, stored in the state like those of `exclude`. */
  readonly exclude?: readonly string[];
  /** True if the marker of a nested folder is known to be a copy. Otherwise that folder is not synced. */
  readonly isCopied?: IsCopiedMarker | undefined;
  /** Free space of the root's filesystem; without a value, it counts as never full. */
  readonly freeSpace?: (() => Promise<DiskSpace | undefined>) | undefined;
  readonly missingFeatures?: MissingFeatures;
  readonly patches?: CycleContext["patches"];
  /** undefined: the default. The simulator's are smaller. */
  readonly memoryLimits?: MemoryLimits;
  readonly onDone?: ((change: RecentChange) => void) | undefined;
  /** Called once if new rules hide synced files. */
  readonly onHidden?: ((hidden: NewlyHidden) => void) | undefined;
}
