import type { Clock, Random } from "@holdfast/core/clock";
import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { ShardTables } from "../../db/shard-tables.ts";
import type { PieceSizes } from "./piece-sizes.ts";

/** The part of a block service that guards the reserve of the disks. Without it nothing is refused. */
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
  /** Devices that rewrite or delete masses are stopped; nobody is unless told. */
  readonly brakes?: boolean;
  /** Checked before each piece of a folder copy, whose rows take room on the database's disk. */
  readonly blocks?: GuardsRoom;
}
