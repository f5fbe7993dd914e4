import type { NodeId } from "@holdfast/core/ids";
import { actTogether } from "../execute/act.ts";
import type { Hands } from "../execute/hands.ts";
import { pathOfNode } from "../paths.ts";
import { rowsBelow } from "../scan/scope.ts";
import { isLive, type LocalRow } from "../trees.ts";

/**
 * Moves the local copies below some paths to the local trash, those that are exactly what the server has. Folders go if they
 * are empty then.
 * @returns the paths that stay, since they hold something else
 */
export async function freeSpace(hands: Hands, paths: readonly string[]): Promise<readonly string[]> {
  const { state } = hands;
  const chosen = new Map(paths.flatMap((path) => rowsAt(state, path)).map((each) => [each.id, each]));
  const kept: string[] = [];
  // What lies deeper goes first.
  for (const { id, row, path } of [...chosen.values()].toSorted((one, other) => (one.path < other.path ? 1 : -1))) {
    const isGone = isEqual(hands, id, row) && (await removeCopy(hands, id, row));
    if (!isGone && row.kind !== "folder") kept.push(path);
  }
  return kept;
}

interface Copy {
  readonly id: NodeId;
  readonly row: LocalRow;
  readonly path: string;
}

/** What is there and below. */
function rowsAt(state: Hands["state"], path: string): Copy[] {
  const [name = "", ...folders] = path.split("/").toReversed();
  let parents = [state.rootId];
  for (const folder of folders.toReversed()) {
    parents = parents.flatMap((id) =>
      state.local.rowsIn(id).flatMap(([child, row]) => (row.name === folder ? child : [])),
    );
  }
  const at = parents.flatMap((id) => state.local.rowsIn(id)).filter(([, row]) => row.name === name);
  const below = at.flatMap(([id]) => [...rowsBelow(state, id)]);
  return [...at, ...below].map(([id, row]) => ({ id, row, path: pathOfNode(state, id) ?? "" }));
}

function isEqual({ state }: Hands, id: NodeId, row: LocalRow): boolean {
  return row.sight === "known" && isLive(state, id) && state.remote.get(id)?.content === row.content;
}

async function removeCopy(hands: Hands, id: NodeId, local: LocalRow): Promise<boolean> {
  const failures = await actTogether(hands, [{ op: "delete", id, local, into: "trash" }]);
  if (failures.size > 0) hands.doubt.isOpen = true;
  return failures.size === 0;
}
