import { isIndexComplete } from "../cell-facts.ts";
import type { CollectPorts } from "./collect-ports.ts";
import { type Collected, countCollectable } from "./count-collectable.ts";
import { deletePacks } from "./delete-packs.ts";
import { doomBlocks } from "./doom-blocks.ts";
import { removeBlocks } from "./remove-blocks.ts";
import { rewritePacks } from "./rewrite-packs.ts";

export interface CollectOptions {
  /** Says what a run would give back now, and changes nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One run over a cell: what nobody needs goes one step further, if the time of its step is over. May die at any point, run twice, and
 * beside itself. While the index is not complete it does nothing.
 * @throws HoldfastError unavailable where the store is not there
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
