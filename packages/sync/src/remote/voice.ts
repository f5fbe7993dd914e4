import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { Patches } from "../model/patches.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { EarlyBlocks } from "./early-blocks.ts";

/** What it takes to tell the server of changes; of the disk the bytes are read. */
export interface Voice {
  readonly server: Server;
  readonly disk: LocalDisk;
  readonly state: SyncState;
  readonly random: Random;
  readonly nowMs: () => number;
  /** How patches are made; undefined: as they are. The simulator's blocks are too short for that. */
  readonly patches?: Patches | undefined;
  /** What was sent while it was read. */
  readonly early?: Pick<EarlyBlocks, "has" | "settled"> | undefined;
  /**
   * Before the server hears of what a person did it is made durable on the disk.
   * @param ids nodes whose rows of the disk are about to become the base
   * @returns of which that failed, and why
   */
  readonly makeDurable: (ids: readonly NodeId[]) => Promise<ReadonlyMap<NodeId, HoldfastError>>;
}
