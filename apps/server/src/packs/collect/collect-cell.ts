import { isIndexComplete } from "../facts/cell-facts.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { type Collected, countCollectable } from "./count-collectable.ts";
import { deletePacks } from "./delete-packs.ts";
import { doomBlocks } from "./doom-blocks.ts";
import { removeBlocks } from "./remove-blocks.ts";
import { rewritePacks } from "./rewrite-packs.ts";

export interface CollectOptions {
  /** Only reports what a run would free now. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Moves data one step further after the step's waiting period. May be killed at any point, repeated, and run
 * concurrently. Does nothing while the index is incomplete.
 * @throws HoldfastError unavailable if the store is not available
 */
export async function collectCell(
  given: CollectPorts,
  { dryRun = false, signal }: CollectOptions = {},
): Promise<Collected> {
  const ports = { ...given, signal: signal ?? given.signal };
  if (!(await isIndexComplete(ports.cell.db))) return { bytes: 0, blocks: 0, packs: 0 };
  if (dryRun) return countCollectable(ports);
  await doomBlocks(ports);
  const blocks = await removeBlocks(ports);
  await rewritePacks(ports);
  const { packs, bytes } = await deletePacks(ports);
  const collected = { bytes, blocks, packs };
  if (blocks + packs > 0) ports.log.info({ cell: ports.cell.id, ...collected }, "garbage was collected");
  return collected;
}
