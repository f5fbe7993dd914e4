import { randomBytes } from "node:crypto";
import type { TestClock } from "../accounts/testing.ts";
import type { Shards } from "../../base/db/shards.ts";
import { openCommitter } from "../../tree/commit/commit-queue.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { noBlocks } from "../../tree/testing/testing.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { openTestQueue } from "../../base/queue/testing.ts";
import type { SharingWorld } from "./sharing-world.ts";

/** Sharing as in one process. The queue only works at the test's request. */
export function openTestSharing(
  shards: Shards,
  clock: TestClock,
  kinds: (world: () => SharingWorld) => Kinds,
): { readonly world: SharingWorld; readonly queue: Queue } {
  const committer = openCommitter({
    ...noBlocks,
    shards,
    clock,
    random: randomBytes,
    onCommitted: () => {},
    log: { warn: () => {}, error: () => {} },
  });
  const world: SharingWorld = {
    shards,
    clock,
    random: randomBytes,
    committer: openViewCommitter({ ...noBlocks, shards }, committer),
    queue: { kick: () => {} },
    onCommitted: () => {},
  };
  const { queue } = openTestQueue(
    shards,
    kinds(() => world),
    clock,
  );
  return { world, queue };
}
