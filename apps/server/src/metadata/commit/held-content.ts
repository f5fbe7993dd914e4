import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { Step, Work } from "./work.ts";

/**
 * Blocks that a step names and the space does not hold: a commit may name no others, whoever else has them.
 * Sizes are checked by `requireHeldContent`.
 */
export function missingBlocks(work: Work, step: Step): HashHex[] {
  if (step.content === undefined || step.refused !== undefined) return [];
  const missing = [...step.content.blocks.keys()].filter((hash) => !isKnown(work, step, hash));
  return [...missing, ...step.missing];
}

/**
 * Only the owner may use whatever the space holds: to anybody else a hash would give the content of files that were never shared.
 */
function isKnown({ heldBlocks }: Work, { caller, named }: Step, hash: HashHex): boolean {
  if (!heldBlocks.sizes.has(hash)) return false;
  return caller.owns || named?.has(hash) === true || heldBlocks.uploaders.get(hash) === caller.userId;
}

/** @throws HoldfastError invalid_field for a wrong size; unavailable if a staged segment is gone again */
export function requireHeldContent(work: Work, step: Step): void {
  for (const [hash, size] of step.content?.blocks ?? []) {
    const held = work.heldBlocks.sizes.get(hash);
    if (held === size) continue;
    throw new HoldfastError("invalid_field", `Block ${hash} has ${held} bytes, not ${size}.`, { field: "blocks" });
  }
  if (step.content?.segmentHashes.every((hash) => work.heldSegments.has(hash)) !== false) return;
  throw new HoldfastError("unavailable", "The block list was discarded before its commit. Try again.");
}
