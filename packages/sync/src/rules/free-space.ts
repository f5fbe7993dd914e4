import type { NodeId } from "@holdfast/core/ids";
import { actTogether } from "../execute/act.ts";
import type { Hands } from "../execute/hands.ts";
import { pathOfNode } from "../paths.ts";
import { isLive, type LocalRow } from "../trees.ts";

/**
 * Moves the local copies below some paths to the local trash, those that are exactly what the server has. Folders go if they
 * are empty then.
 * @returns the paths that stay, since they hold something else
 */
export async function freeSpace(hands: Hands, paths: readonly string[]): Promise<readonly string[]> {
  const { state } = hands;
  const chosen = [...state.local].flatMap(([id, row]) => {
    const path = pathOfNode(state, id) ?? "";
    return paths.some((each) => path === each || path.startsWith(`${each}/`)) ? [{ id, row, path }] : [];
  });
  const kept: string[] = [];
  // What lies deeper goes first.
  for (const { id, row, path } of chosen.toSorted((one, other) => (one.path < other.path ? 1 : -1))) {
    const isGone = isEqual(hands, id, row) && (await removeCopy(hands, id, row));
    if (!isGone && row.kind !== "folder") kept.push(path);
  }
  return kept;
}

function isEqual({ state }: Hands, id: NodeId, row: LocalRow): boolean {
  return row.sight === "known" && isLive(state, id) && state.remote.get(id)?.content === row.content;
}

async function removeCopy(hands: Hands, id: NodeId, local: LocalRow): Promise<boolean> {
  const failures = await actTogether(hands, [{ op: "delete", id, local }]);
  if (failures.size > 0) hands.doubt.isOpen = true;
  return failures.size === 0;
}
