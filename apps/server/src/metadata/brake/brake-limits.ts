import type { Counted } from "./brake-counts.ts";

/** So many nodes have to be looked at to say whether that many are too many of all. */
export const knownMax = 2000;

const rewrittenMin = 500;
const deletedMin = 100;
const deletedMax = 1000;

/** Whether it can depend on how many nodes there are. */
export function dependsOnKnown({ rewritten, deleted }: Counted): boolean {
  return rewritten >= rewrittenMin || (deleted >= deletedMin && deleted < deletedMax);
}

/**
 * From when on many changes of one device are more often an accident than a wish: of rewritten files as a device itself asks, of deletions
 * twice that. A device asks its person before it deletes many, and the server does not hear what was answered.
 * @param known how many nodes there were at least, those included that are deleted meanwhile
 */
export function tooMany({ rewritten, deleted }: Counted, known: number): "rewritten" | "deleted" | undefined {
  if (rewritten >= rewrittenMin && rewritten * 4 >= known) return "rewritten";
  if (deleted >= deletedMax || (deleted >= deletedMin && deleted * 2 >= known)) return "deleted";
  return undefined;
}
