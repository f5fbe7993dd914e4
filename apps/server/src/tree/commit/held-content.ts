import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import type { Step, Work } from "./work.ts";

/**
 * Returns blocks of a step that the space does not hold. A commit must not use them, even if other spaces hold them.
 * `requireHeldContent` checks sizes.
 */
export function missingBlocks(work: Work, step: Step): HashHex[] {
  if (step.content === undefined || step.refused !== undefined) return [];
  const missing = [...step.content.blocks.keys()].filter((hash) => !isKnown(work, step, hash));
  return [...missing, ...step.missing];
}

/**
 * Only the owner may use every block of the space. For others a hash would give access to the content of files that are
 * not shared.
 */
function isKnown({ heldBlocks }: Work, { caller, named }: Step, hash: HashHex): boolean {
  if (!heldBlocks.sizes.has(hash)) return false;
  return caller.owns || named?.has(hash) === true || heldBlocks.uploaders.get(hash) === caller.userId;
}

/** @throws HoldfastError invalid_field for a wrong size; unavailable if a staged segment is gone */
export function requireHeldContent(work: Work, step: Step): void {
  for (const [hash, size] of step.content?.blocks ?? []) {
    const held = work.heldBlocks.sizes.get(hash);
    if (held === size) continue;
    throw new HoldfastError("invalid_field", `Block ${hash} has ${held} bytes, not ${size}.`, { field: "blocks" });
  }
  if (step.content?.segmentHashes.every((hash) => work.heldSegments.has(hash)) !== false) return;
  throw new HoldfastError("unavailable", "The block list was discarded before its commit. Try again.");
}
