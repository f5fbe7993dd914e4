import type { Clock } from "@holdfast/core/clock";
import { limits } from "@holdfast/core/limits";
import type { BlockCells } from "../../packs/cells/open-block-cells.ts";
import { isIndexComplete } from "../../packs/facts/cell-facts.ts";
import type { RetentionSettings } from "../../base/config/retention-settings.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { expireBlocks } from "../../tree/retention/expire-blocks.ts";
import { expireSegments } from "../../tree/retention/expire-segments.ts";
import {
  expireEvents,
  expireJournal,
  expireOperations,
  expireStaged,
  expireTrash,
  pruneVersions,
} from "../../tree/retention/retention.ts";
import { raiseCut } from "../../tree/retention/retention-cut.ts";
import type { Mended, Retention } from "../../tree/retention/retention-job.ts";
import { sweepPurged } from "../../tree/commit/removal.ts";
import { expireDeadMessages, expireTasks } from "../../base/queue/expire-messages.ts";
import { expireRewinds } from "../../features/rewind/expire-rewinds.ts";

export interface RetentionParts {
  readonly shards: Shards;
  readonly cells: BlockCells;
  readonly clock: Clock;
  readonly settings: RetentionSettings;
  /** Called after new messages on the shard. */
  readonly kick: (shard: Shard) => void;
  readonly onMended: (mended: Mended) => void;
}

export interface Retained {
  /** Versions of remaining files. */
  readonly versions: number;
  /** Includes subtrees. */
  readonly nodes: number;
}

/** `giveUpBlocks` releases the blocks afterwards. */
export async function retainShard(parts: RetentionParts, shard: Shard, signal: AbortSignal): Promise<Retained> {
  const { settings } = parts;
  const job = jobOn(parts, shard, signal);
  await expireOperations(job);
  await raiseCut(job.db, job.nowMicros - Math.min(settings.trashMs, settings.versionAgeMs) * 1000);
  const versions = await pruneVersions(job, versionsOf(settings));
  await expireTrash(job, settings.trashMs);
  const nodes = await sweepAll(parts, shard, signal);
  await expireSegments(job, stagedMs(settings));
  await expireStaged(job, stagedMs(settings));
  await expireJournal(job);
  await expireEvents(job);
  await expireDeadMessages(job);
  await expireTasks(job);
  await expireRewinds(job);
  return { versions, nodes };
}

/** Skipped during a rebuild of the block index: until then, spaces hold all their blocks. */
export async function giveUpBlocks(parts: RetentionParts, shard: Shard, signal: AbortSignal): Promise<void> {
  for (const { db } of parts.cells.all()) if (!(await isIndexComplete(db))) return;
  const gone = await expireBlocks(jobOn(parts, shard, signal), parts.settings.blocksMs);
  if (gone > 0) parts.kick(shard);
}

export function versionsOf({ versionsKept, versionAgeMs }: RetentionSettings) {
  return { keptMin: versionsKept, lifetimeMs: versionAgeMs };
}

/** Unreferenced uploads do not outlive released blocks. */
function stagedMs({ blocksMs }: RetentionSettings): number {
  return Math.min(blocksMs, limits.stagedLifetimeMs);
}

async function sweepAll({ clock }: RetentionParts, { db }: Shard, signal: AbortSignal): Promise<number> {
  let nodes = 0;
  for (let last = 1; last > 0; nodes += last) last = await sweepPurged(db, { nowMicros: clock.nowMicros(), signal });
  return nodes;
}

function jobOn({ clock, onMended }: RetentionParts, { db }: Shard, signal: AbortSignal): Retention {
  return { db, nowMicros: clock.nowMicros(), signal, onMended };
}
