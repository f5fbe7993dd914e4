import type { Random } from "@holdfast/core/clock";
import type { NodeId } from "@holdfast/core/ids";
import type { BrakeSetting } from "../brakes/brakes.ts";
import type { Lacks } from "../model/lacks.ts";
import type { Identity, LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { IsCopiedMarker } from "../scan/other-root.ts";
import type { NewlyHidden } from "../rules/newly-hidden.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { CycleContext } from "./cycle-context.ts";
import type { Portions } from "./portions.ts";
import type { RecentChange } from "./progress.ts";
import type { DiskSpace } from "./space.ts";

export interface EngineOptions {
  readonly disk: LocalDisk;
  readonly server: Server;
  readonly state: SyncState;
  readonly random: Random;
  readonly nowMs: () => number;
  /** Ends earlier if the signal says so. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  /** @param beside a folder of the space for which it is; undefined: that of the root */
  readonly makeNodeId: (beside?: NodeId) => NodeId;
  /** Whether an id may be that of something new in a space: it says on which shard it lies. Undefined: any may. */
  readonly isIdFor?: ((id: NodeId, beside: NodeId | undefined) => boolean) | undefined;
  readonly device: string;
  readonly identity: Identity;
  /** Names this run of the system, after which what nobody synced may be gone; undefined: each start counts as one. */
  readonly boot?: string | undefined;
  /** Under one key two names are one on this disk. */
  readonly slotKey: (name: string) => string;
  /** So many deletions wait for a person; undefined: 500, or a quarter of the tree and at least 50. */
  readonly brake: BrakeSetting;
  /** Paths that this device does not want from now on; kept in the state, as `exclude` does. */
  readonly exclude?: readonly string[];
  /** Whether a marker in a folder below the root is known to be a copy; one that is not keeps that folder from being synced. */
  readonly isCopied?: IsCopiedMarker | undefined;
  /** Of the filesystem of the root; undefined, or where it answers nothing: it is never full. */
  readonly freeSpace?: (() => Promise<DiskSpace | undefined>) | undefined;
  /** What the disk cannot do; undefined: it can do everything. */
  readonly lacks?: Lacks;
  readonly patches?: CycleContext["patches"];
  /** Undefined: as for real folders. The simulator's are small. */
  readonly portions?: Portions;
  /** Hears of each change that was done, here or there. */
  readonly onDone?: ((change: RecentChange) => void) | undefined;
  /** Hears once of synced files that other rules hide from now on. */
  readonly onHidden?: ((hidden: NewlyHidden) => void) | undefined;
}
