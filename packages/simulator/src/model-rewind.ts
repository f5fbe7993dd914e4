import { nameKey } from "@holdfast/core/names";
import type { ModelServer } from "./model-server.ts";
import { hasSameMode } from "./model-operations.ts";
import { isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";

/** What a rewind made of a space. */
export interface Rewound {
  readonly steps: number;
  /** Nodes that came back, and contents. */
  readonly back: ReadonlySet<string>;
  /** Nodes and contents that went: also a content that is live elsewhere, since a move to another share makes its file anew before it deletes the old one. */
  readonly gone: ReadonlySet<string>;
}

/**
 * Makes what is below a folder as it was: what was made since goes to the trash, what went comes back, and what was moved, edited or flipped is as it was then. A
 * folder with a mount in it is left. @returns undefined: there is no way back, and nothing was done
 */
export function rewind(model: ModelServer, by: string, topId: string, then: Nodes): Rewound | undefined {
  const [nodes, length] = [model.nodes, model.journal.length];
  if (!isLiveNode(nodes, topId) || !isLiveNode(then, topId)) return undefined;
  const was = [...then.values()].filter(({ id, kind }) => kind !== "mount" && isInside(then, id, topId));
  const byDepth = was.toSorted((one, other) => lineage(then, one.id).length - lineage(then, other.id).length);
  const inside = new Set([topId, ...was.map(({ id }) => id)]);
  // By now it lies in something that lay in it.
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

/** Ids and contents. */
function liveOf(nodes: Nodes): Set<string> {
  const live = [...nodes.values()].filter(({ id }) => isLiveNode(nodes, id));
  return new Set(live.flatMap(({ id, contentId }) => (contentId === null ? [id] : [id, contentId])));
}

/** Ids and contents. */
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

/** What was not there, the topmost of each branch, unless something in it stays or has yet to leave it. */
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

/** Its folder is there by then. */
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
