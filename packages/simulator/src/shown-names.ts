import { caseLabel, conflictedName, originalName } from "@holdfast/sync/model/conflicted-name";
import { isLiveNode, type ModelNode, type Nodes } from "./model-tree.ts";

/** Matches a case alias of a disk. */
export const aliased = / \(case conflict(?: \d+)?\)/;

export function foldCase(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** Returns the server's live nodes with their names on a case-folding disk. The oldest of a colliding set keeps its name. */
export function shownNames(nodes: Nodes): Nodes {
  const live = [...nodes.values()].filter(({ id }) => isLiveNode(nodes, id));
  const shown = new Map(live.map((node) => [node.id, node]));
  const slotOf = (parentId: string | null, name: string): string => `${parentId}/${foldCase(name)}`;
  const taken = new Set(live.map(({ parentId, name }) => slotOf(parentId, name)));
  const held = new Set<string>();
  for (const node of live.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    const { id, parentId, name } = node;
    if (parentId === null) continue;
    const isFirst = !held.has(slotOf(parentId, name));
    held.add(slotOf(parentId, name));
    if (isFirst) continue;
    const alias = conflictedName(name, caseLabel, (each) => !taken.has(slotOf(parentId, each)));
    taken.add(slotOf(parentId, alias));
    shown.set(id, { ...node, name: alias } satisfies ModelNode);
  }
  return shown;
}

/** Counts items by content and a normalized path, because equal items may have different names. */
export function sameButNames(tree: ReadonlyMap<string, string>): Map<string, string> {
  const counts = new Map<string, number>();
  for (const [path, what] of tree) {
    const names = path.split("/").map((name) => foldCase(originalName(originalName(name))));
    const key = `${names.join("/")} ${what}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Map([...counts].map(([key, count]) => [key, String(count)]));
}
