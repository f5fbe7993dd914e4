import { nameKey } from "@holdfast/core/names";
import type { ModelServer } from "./model-server.ts";
import { hasSameMode } from "./model-operations.ts";
import { isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";

export interface Rewound {
  readonly steps: number;
  readonly back: ReadonlySet<string>;
  /**
   * Removed nodes and contents. A content may be live elsewhere, because a move to another share creates the file
   * before it deletes the old one.
   */
  readonly gone: ReadonlySet<string>;
}

/**
 * Restores a folder's content to an earlier state: newer items go to the trash, removed ones return, and moves, edits
 * and flips are undone. A folder with a mount is skipped.
 * @returns undefined if that is impossible and nothing was done
 */
export function rewind(model: ModelServer, by: string, topId: string, then: Nodes): Rewound | undefined {
  const [nodes, length] = [model.nodes, model.journal.length];
  if (!isLiveNode(nodes, topId) || !isLiveNode(then, topId)) return undefined;
  const was = [...then.values()].filter(({ id, kind }) => kind !== "mount" && isInside(then, id, topId));
  const byDepth = was.toSorted((one, other) => lineage(then, one.id).length - lineage(then, other.id).length);
  const inside = new Set([topId, ...was.map(({ id }) => id)]);
  // It is now inside its former content.
  if (lineage(nodes, topId).some(({ id }) => id !== topId && inside.has(id))) return undefined;
  takeAway(model, by, topId, inside);
  for (const node of byDepth) bringBack(model, by, node);
  takeAway(model, by, topId, inside);
  if (hasTwoOfOneName(model.nodes)) {
    model.nodes = nodes;
    model.journal.length = length;
    return undefined;
  }
  model.settleMounts(by);
  model.announce();
  return {
    steps: model.journal.length - length,
    back: liveOf(model.nodes).difference(liveOf(nodes)),
    gone: goneSince(nodes, model.nodes),
  };
}

/** Returns ids and contents. */
function liveOf(nodes: Nodes): Set<string> {
  const live = [...nodes.values()].filter(({ id }) => isLiveNode(nodes, id));
  return new Set(live.flatMap(({ id, contentId }) => (contentId === null ? [id] : [id, contentId])));
}

/** Returns ids and contents. */
function goneSince(before: Nodes, now: Nodes): Set<string> {
  const live = [...before.values()].filter(({ id }) => isLiveNode(before, id));
  const trashed = live.filter(({ id }) => !isLiveNode(now, id));
  const replaced = live.filter(({ id, contentId }) => now.get(id)?.contentId !== contentId);
  const contents = [...trashed, ...replaced].flatMap(({ contentId }) => contentId ?? []);
  return new Set([...trashed.map(({ id }) => id), ...contents]);
}

function isInside(nodes: Nodes, id: string, topId: string): boolean {
  return isLiveNode(nodes, id) && lineage(nodes, id).some((each, index) => index > 0 && each.id === topId);
}

/** Trashes items that did not exist, topmost first, unless something in them stays or has yet to leave. */
function takeAway(model: ModelServer, by: string, topId: string, inside: ReadonlySet<string>): void {
  for (const node of model.nodes.values()) {
    const isNew = node.kind !== "mount" && !inside.has(node.id) && inside.has(node.parentId ?? "");
    if (!isNew || !isInside(model.nodes, node.id, topId)) continue;
    const stays = [...model.nodes.values()].some(
      ({ id, kind }) => (kind === "mount" || inside.has(id)) && isInside(model.nodes, id, node.id),
    );
    if (!stays) model.record(by, { ...node, trashed: true }, "gone", { rewound: true });
  }
}

function bringBack(model: ModelServer, by: string, then: ModelNode): void {
  const now = model.nodes.get(then.id);
  const entries = model.versions.get(then.versionId ?? "");
  if (now === undefined || (then.versionId !== null && entries === undefined)) return;
  const { parentId, name, executable, isPrivate, contentId, sizeBytes, modifiedAt } = then;
  const isLive = isLiveNode(model.nodes, then.id);
  const isOther = contentId !== now.contentId;
  const isThere = isLive && now.parentId === parentId && now.name === name && !isOther;
  if (isThere && hasSameMode(now, then)) return;
  const content = {
    versionId: entries === undefined ? null : model.addVersionOf(entries, then.id),
    contentId,
    sizeBytes,
    modifiedAt,
    operationId: null,
  };
  const next = { ...now, parentId, name, executable, isPrivate, trashed: false, ...(isOther && content) };
  model.record(by, next, isLive ? "changed" : "appeared");
}

function hasTwoOfOneName(nodes: Nodes): boolean {
  const live = [...nodes.values()].filter(({ id, parentId }) => parentId !== null && isLiveNode(nodes, id));
  return new Set(live.map(({ parentId, name }) => `${parentId}/${nameKey(name)}`)).size < live.length;
}
