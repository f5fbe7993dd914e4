import { caseLabel, conflictedName, originalName } from "@holdfast/sync/model/conflicted-name";
import { isLiveNode, type ModelNode, type Nodes } from "./model-tree.ts";

/** A name that a disk gives which folds case. */
export const aliased = / \(case conflict(?: \d+)?\)/;

export function foldCase(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The server's live nodes under the names that a disk gives them which folds case: of several in one slot the first made has its own. */
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

/** Path and content by a name that tells nothing apart but what any disk can: what the same things are called may differ. */
export function sameButNames(tree: ReadonlyMap<string, string>): Map<string, string> {
  const counts = new Map<string, number>();
  for (const [path, what] of tree) {
    const names = path.split("/").map((name) => foldCase(originalName(originalName(name))));
    const key = `${names.join("/")} ${what}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return new Map([...counts].map(([key, count]) => [key, String(count)]));
}
