import type { Clock, Random } from "@holdfast/core/clock";
import type { Sleep } from "@holdfast/object-store/call-signal";
import type { BlockCells } from "../blocks/open-block-cells.ts";
import type { BlockPool } from "../blocks/block-tasks.ts";
import type { OpenBlockService } from "../blocks/open-block-service.ts";
import type { Shards } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import type { RightsWorld } from "../sharing/change-rights.ts";

/** What a shredding needs of the server around it. */
export interface ShredWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly cells: BlockCells;
  readonly blocks: Pick<OpenBlockService, "settled">;
  readonly pool: BlockPool;
  readonly sleep: Sleep;
  readonly log: Log;
  /** Asked when rights end: the jobs are there before what they need of the queue. */
  readonly sharing: () => RightsWorld;
  /** No other process serves these accounts. */
  readonly alone: boolean;
  /** Of this server alone. */
  readonly thumbs: { readonly clear: () => Promise<void> };
  /** Databases of before that an upgrade has left in the data folder. */
  readonly removeOldDatabases: () => Promise<unknown>;
  /** What the store has of the metadata is taken anew, and nothing older stays; undefined where the store has none. */
  readonly renewMetadata: ((signal: AbortSignal) => Promise<void>) | undefined;
}
