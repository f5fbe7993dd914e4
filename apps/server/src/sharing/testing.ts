import { randomBytes } from "node:crypto";
import type { TestClock } from "../accounts/testing.ts";
import type { Shards } from "../db/shards.ts";
import { openCommitter } from "../metadata/commit/commit-queue.ts";
import { openViewCommitter } from "../metadata/commit/view-committer.ts";
import { noBlocks } from "../metadata/testing/testing.ts";
import type { Kinds } from "../queue/kind.ts";
import type { Queue } from "../queue/open-queue.ts";
import { openTestQueue } from "../queue/testing.ts";
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
