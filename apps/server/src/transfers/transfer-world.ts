import type { HoldsAlso } from "../metadata/commit/hold-contents.ts";
import type { PieceSizes } from "../metadata/commit/piece-sizes.ts";
import type { SharingWorld } from "../sharing/sharing-world.ts";

/** What a transfer needs of the server around it. */
export interface TransferWorld extends SharingWorld {
  readonly blocks: HoldsAlso;
  /** The usual ones unless told. */
  readonly pieces?: PieceSizes;
}
