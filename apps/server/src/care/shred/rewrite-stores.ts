import { bucketOf } from "@holdfast/core/ids";
import { adoptOrphans } from "../../packs/repair/adopt-orphans.ts";
import { collectAtOnce } from "../../packs/collect/collect-at-once.ts";
import { strandedMsMin } from "../../packs/write/storing-time.ts";
import type { ShreddingRow } from "../../base/db/shredding-tables.ts";
import type { ShredWorld } from "./shred-world.ts";

/** The owner of dead bytes is unknown, so all packs with any are rewritten. The old objects are deleted immediately. */
export async function rewriteStores(
  world: ShredWorld,
  { space_id: spaceId }: ShreddingRow,
  signal: AbortSignal,
): Promise<string | undefined> {
  const cell = world.cells.of(bucketOf(spaceId));
  const { clock, log, shards, pool, random } = world;
  await cell.keyring.assertStoreThere();
  await adoptOrphans({ cell, clock, log, signal }, { graceMs: strandedMsMin });
  return collectAtOnce({ cell, shards, pool, clock, random, log, signal });
}
