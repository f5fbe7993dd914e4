import type { Clock, Random } from "@holdfast/core/clock";
import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { PieceSizes } from "./piece-sizes.ts";

/** Method of a block service that protects the disks' reserve. Without it nothing is rejected. */
export interface GuardsRoom {
  /** @throws HoldfastError store_full */
  assertRoom?(spaceId: SpaceId, sizeBytes: number): Promise<void>;
}

export interface TransactionPlace {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  readonly clock: Clock;
  readonly random: Random;
  readonly pieces: PieceSizes;
  /** Suspends devices that rewrite or delete very many files. Defaults to false. */
  readonly brakes?: boolean;
  /** Checked before each piece of a folder copy, whose rows use the database's disk. */
  readonly blocks?: GuardsRoom;
}
