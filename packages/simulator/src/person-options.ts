import type { MissingFeatures } from "@holdfast/sync/model/missing-features";
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
  /** Called after a change, which the watcher may miss. */
  readonly changed: () => void;
  readonly isVersatile: boolean;
  /** Moves of folders may be copies. */
  readonly isSharing: boolean;
  /** Writes ignore rules. */
  readonly isSelective: boolean;
  readonly missingFeatures: MissingFeatures;
}
