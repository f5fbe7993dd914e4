import type { Clock, Random } from "@holdfast/core/clock";
import type { SpaceId } from "@holdfast/core/ids";
import type { Shards } from "../../base/db/shards.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { Queue } from "../../base/queue/open-queue.ts";

export interface SharingWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly committer: Committer;
  readonly queue: Pick<Queue, "kick">;
  /** Wakes requests that wait for the space. */
  readonly onCommitted: (spaceId: SpaceId, seq: number) => void;
}
