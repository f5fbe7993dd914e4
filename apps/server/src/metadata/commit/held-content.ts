import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { Step, Work } from "./work.ts";

/**
 * Blocks that a step names and the space does not hold: a commit may name no others, whoever else has them.
 * Sizes are checked by `requireHeldContent`.
 */
export function missingBlocks(work: Work, step: Step): HashHex[] {
  if (step.content === undefined || step.refused !== undefined) return [];
  const missing = [...step.content.blocks.keys()].filter((hash) => !work.heldBlocks.sizes.has(hash));
  return [...missing, ...step.missing];
}

/** @throws HoldfastError invalid_field for a wrong size; unavailable if a staged segment is gone again */
export function requireHeldContent(work: Work, step: Step): void {
  for (const [hash, size] of step.content?.blocks ?? []) {
    const held = work.heldBlocks.sizes.get(hash);
    if (held === size) continue;
    throw new HoldfastError("invalid_field", `Block ${hash} has ${held} bytes, not ${size}.`, { field: "blocks" });
  }
  if (step.content?.segmentHashes.every((hash) => work.heldSegments.has(hash)) !== false) return;
  throw new HoldfastError("unavailable", "The list of blocks was given up before its commit. Try again.");
}
