import type { Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { Patches } from "../model/patches.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { EarlyBlocks } from "./early-blocks.ts";

export interface SendContext {
  readonly server: Server;
  readonly disk: LocalDisk;
  readonly state: SyncState;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly patches?: Patches | undefined;
  readonly earlyBlocks?: Pick<EarlyBlocks, "has" | "settled"> | undefined;
  /**
   * Makes a person's changes durable before the server receives them.
   * @param ids nodes whose disk rows are about to become the base
   * @returns failed nodes and their errors
   */
  readonly makeDurable: (ids: readonly NodeId[]) => Promise<ReadonlyMap<NodeId, HoldfastError>>;
}
