import type { Clock, Random } from "@holdfast/core/clock";
import type { Sleep } from "@holdfast/object-store/call-signal";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import type { OpenBlockService } from "../../packs/service/open-block-service.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import type { RightsWorld } from "../../features/sharing/change-rights.ts";

export interface ShredWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly cells: BlockCells;
  readonly blocks: Pick<OpenBlockService, "settled">;
  readonly pool: BlockPool;
  readonly sleep: Sleep;
  readonly log: Log;
  /** Resolved when rights end, because jobs open before the queue's parts. */
  readonly sharing: () => RightsWorld;
  /** No other process serves these accounts. */
  readonly alone: boolean;
  /** Thumbnails of this server only. */
  readonly thumbs: { readonly clear: () => Promise<void> };
  /** Removes old databases that an upgrade left in the data folder. */
  readonly removeOldDatabases: () => Promise<unknown>;
  /** Renews the metadata copy in the store and deletes all older ones; undefined if the store has none. */
  readonly renewMetadata: ((signal: AbortSignal) => Promise<void>) | undefined;
}
