import type { Lacks } from "@holdfast/sync/model/lacks";
import type { Ledger } from "./ledger.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedRoot } from "./simulated-root.ts";

export interface PersonOptions {
  readonly name: string;
  readonly root: SimulatedRoot;
  readonly ledger: Ledger;
  readonly scheduler: Scheduler;
  readonly names: readonly string[];
  readonly notice: (what: string) => void;
  /** The watcher may notice it, or not. */
  readonly changed: () => void;
  /** Does also what not everybody does all day. */
  readonly isVersatile: boolean;
  /** Moves of folders may be copies. */
  readonly isSharing: boolean;
  /** Writes rules of what is not to be synced. */
  readonly isSelective: boolean;
  /** What this disk, or another of the world, cannot do is not done. */
  readonly lacks: Lacks;
}
