import type { Random } from "@holdfast/core/clock";
import type { CollectionJson } from "@holdfast/protocol/admin-routes";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { collectCell } from "../../packs/collect/collect-cell.ts";
import { countOldVersions } from "../../tree/retention/retention.ts";
import { countDueNodes } from "../../tree/retention/count-due.ts";
import type { Log } from "../../base/operation/log.ts";
import { expireUploads } from "../../features/uploads/remove-uploads.ts";
import { listUnfinished, removeUnfinished } from "./unfinished-uploads.ts";
import { giveUpBlocks, type Retained, retainShard, type RetentionParts, versionsOf } from "./run-retention.ts";

export interface CollectionParts extends RetentionParts {
  readonly pool: BlockPool;
  readonly random: Random;
  readonly log: Log;
}

export interface CollectionOptions {
  readonly dryRun: boolean;
  /** Also ends uploads that were not used recently. */
  readonly unfinished?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Runs the periodic removal immediately: expired data on all shards, unused blocks in all cells. Each step keeps its
 * own waiting time, so a cell removes a shard's blocks only later.
 * @throws HoldfastError unavailable without any change, if a store is missing
 */
export async function collectNow(parts: CollectionParts, options: CollectionOptions): Promise<CollectionJson> {
  const { cells, shards, pool, clock, random, log, settings } = parts;
  const { dryRun, unfinished = false, signal = new AbortController().signal } = options;
  for (const { keyring } of cells.all()) await keyring.assertStoreThere();
  const listed = unfinished ? { unfinished: await listUnfinished(parts) } : {};
  if (unfinished && !dryRun) await removeUnfinished(parts, signal);
  const retained = dryRun ? await countRetained(parts, signal) : await retainAll(parts, signal);
  const sum = { bytes: 0, blocks: 0, packs: 0, ...retained };
  for (const cell of cells.all()) {
    const collected = await collectCell(
      { cell, shards, pool, clock, random, log, retention: settings },
      { dryRun, signal },
    );
    sum.bytes += collected.bytes;
    sum.blocks += collected.blocks;
    sum.packs += collected.packs;
  }
  if (sum.bytes > 0 && !dryRun) log.info(sum, "space was freed at an administrator's request");
  return { ...sum, ...listed };
}

async function retainAll(parts: CollectionParts, signal: AbortSignal): Promise<Retained> {
  const sum = { versions: 0, nodes: 0 };
  await expireUploads(parts, signal);
  for (const shard of parts.shards.all()) {
    const { versions, nodes } = await retainShard(parts, shard, signal);
    await giveUpBlocks(parts, shard, signal);
    sum.versions += versions;
    sum.nodes += nodes;
  }
  return sum;
}

async function countRetained({ shards, clock, settings }: CollectionParts, signal: AbortSignal): Promise<Retained> {
  const sum = { versions: 0, nodes: 0 };
  for (const { db } of shards.all()) {
    const job = { db, nowMicros: clock.nowMicros(), signal };
    sum.versions += await countOldVersions(job, versionsOf(settings));
    sum.nodes += await countDueNodes(job, settings.trashMs);
  }
  return sum;
}
