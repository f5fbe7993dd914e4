import type { Counted } from "./brake-counts.ts";

/** Number of nodes that must be counted to decide whether `deletedMax` changes are too many. */
export const knownMax = 2000;

const rewrittenMin = 500;
const deletedMin = 100;
const deletedMax = 1000;

export function dependsOnKnown({ rewritten, deleted }: Counted): boolean {
  return rewritten >= rewrittenMin || (deleted >= deletedMin && deleted < deletedMax);
}

/**
 * Returns the limit that a device has exceeded. Beyond a limit, changes are more often an accident than intended. The
 * limit for rewritten files is the one at which a device asks its user. The limit for deletions is twice that, because
 * the server does not receive the user's answer.
 * @param known minimum number of nodes, including those deleted meanwhile
 */
export function tooMany({ rewritten, deleted }: Counted, known: number): "rewritten" | "deleted" | undefined {
  if (rewritten >= rewrittenMin && rewritten * 4 >= known) return "rewritten";
  if (deleted >= deletedMax || (deleted >= deletedMin && deleted * 2 >= known)) return "deleted";
  return undefined;
}
