import type { Counted } from "./brake-counts.ts";

/** Number of nodes that must be counted to decide whether `deletedMax` changes are too many. */
export const knownMax = 2000;

const rewrittenMin = 500;
const deletedMin = 100;
const deletedMax = 1000;

/** Returns true if the decision can depend on the number of nodes. */
export function dependsOnKnown({ rewritten, deleted }: Counted): boolean {
  return rewritten >= rewrittenMin || (deleted >= deletedMin && deleted < deletedMax);
}

/**
 * Returns the limit that a device has exceeded, beyond which changes are more often an accident than intended. The
 * limit for rewritten files is the one at which a device itself asks its user, and the one for deletions is twice that.
 * A device asks before many deletions, but the server does not receive the answer.
 * @param known minimum number of nodes, including those deleted meanwhile
 */
export function tooMany({ rewritten, deleted }: Counted, known: number): "rewritten" | "deleted" | undefined {
  if (rewritten >= rewrittenMin && rewritten * 4 >= known) return "rewritten";
  if (deleted >= deletedMax || (deleted >= deletedMin && deleted * 2 >= known)) return "deleted";
  return undefined;
}
