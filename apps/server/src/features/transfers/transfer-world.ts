import type { HoldsAlso } from "../../tree/commit/hold-contents.ts";
import type { PieceSizes } from "../../tree/commit/piece-sizes.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";

export interface TransferWorld extends SharingWorld {
  readonly blocks: HoldsAlso;
  /** Default: the usual sizes. */
  readonly pieces?: PieceSizes;
}
