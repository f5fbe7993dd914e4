import type { Clock, Random } from "@holdfast/core/clock";
import type { SpaceId } from "@holdfast/core/ids";
import type { Kysely } from "kysely";
import type { ShardTables } from "../../db/shard-tables.ts";
import type { PieceSizes } from "./piece-sizes.ts";

export interface TransactionPlace {
  readonly db: Kysely<ShardTables>;
  readonly spaceId: SpaceId;
  readonly clock: Clock;
  readonly random: Random;
  readonly pieces: PieceSizes;
  /** Devices that rewrite or delete masses are stopped; nobody is unless told. */
  readonly brakes?: boolean;
}
