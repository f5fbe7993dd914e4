import { homeOf, spaceOf } from "./model-shares.ts";
import type { ModelServer } from "./model-server.ts";
import { childNamed, isLiveNode, lineage, type ModelNode } from "./model-tree.ts";

export interface Transfer {
  readonly nodeId: string;
  readonly from: string;
  readonly to: string;
}

/** First step: moves the item to its owner's trash, where it stays unchanged. */
export function freeze(model: ModelServer, { nodeId, from }: Transfer): void {
  const node = model.nodes.get(nodeId);
  if (node === undefined) return;
  model.record(`${from}'s browser`, { ...node, trashed: true }, "gone");
  model.settleMounts("transfer");
  model.announce();
}

/** Declined transfer: restores the item from the trash, unless somebody else did, to a substitute if its folder is gone. */
export function giveUp(model: ModelServer, { nodeId, from }: Transfer): void {
  const node = model.nodes.get(nodeId);
  if (node?.trashed !== true) return;
  const parentId = liveOrStandIn(model, node.parentId, from);
  const name = freeName(model, parentId, node.name);
  model.record(`${from}'s browser`, { ...node, parentId, name, trashed: false }, "appeared");
  model.settleMounts("transfer");
  model.announce();
}

function liveOrStandIn(model: ModelServer, folderId: string | null, from: string): string {
  const folder = model.nodes.get(folderId ?? "");
  if (folder === undefined || folder.parentId === null) return homeOf(from);
  if (isLiveNode(model.nodes, folder.id)) return folder.id;
  const isShared = model.shares.grants.some(({ target }) => target === folder.id);
  const parentId = isShared ? homeOf(from) : liveOrStandIn(model, folder.parentId, from);
  const standIn = { ...folder, id: model.fresh("stand-in-"), parentId, name: freeName(model, parentId, folder.name) };
  model.record(`${from}'s browser`, { ...standIn, operationId: null, trashed: false }, "changed");
  return standIn.id;
}

/**
 * Last step: recreates the item with everything below and all versions in the new owner's root, under that space's ids
 * and with one journal entry. The old owner becomes an editor. Grants move to the new item.
 * @returns the new item; undefined: it was taken out of the trash meanwhile
 */
export function arrive(model: ModelServer, { nodeId, from, to }: Transfer): string | undefined {
  const top = model.nodes.get(nodeId);
  if (top?.trashed !== true) return undefined;
  const space = homeOf(to);
  const sources = [...model.nodes.values()].filter((node) => goesAlong(model, node, nodeId));
  const ids = new Map(sources.map(({ id }) => [id, model.fresh("moved-")]));
  const below = sources.filter(({ id }) => id !== nodeId).map((node) => copyOf(model, node, ids, space));
  const first = copyOf(model, top, ids, space);
  const name = freeName(model, space, top.name);
  model.addUnheard(below);
  model.record("transfer", { ...first, parentId: space, name, trashed: false }, "appeared");
  for (const { id, contentId } of [first, ...below]) model.firstContents.set(id, contentId);
  const old = model.shares.grants.filter(({ target }) => ids.has(target));
  for (const { target, account, role, expiresAtMs } of old) {
    const isOfEither = account === from || account === to;
    if (!isOfEither) model.grant("transfer", ids.get(target) ?? "", account, role, expiresAtMs);
  }
  model.grant("transfer", first.id, from, "editor");
  for (const { target, account } of old) model.grant("transfer", target, account, undefined);
  return first.id;
}

/** Excludes separately trashed items and mounts. */
function goesAlong({ nodes }: ModelServer, { id, kind }: ModelNode, topId: string): boolean {
  const way = lineage(nodes, id);
  const depth = way.findIndex((node) => node.id === topId);
  return depth >= 0 && kind !== "mount" && way.slice(0, depth).every(({ trashed }) => !trashed);
}

function copyOf(model: ModelServer, node: ModelNode, ids: ReadonlyMap<string, string>, space: string): ModelNode {
  const id = ids.get(node.id) ?? "";
  const versions = model.copyVersions(node.id, id, space);
  return {
    ...node,
    id,
    parentId: ids.get(node.parentId ?? "") ?? null,
    versionId: node.versionId === null ? null : (versions.get(node.versionId) ?? null),
    operationId: null,
    revision: model.fresh("r"),
    seq: model.seqOf(space),
  };
}

function freeName({ nodes }: ModelServer, parentId: string, name: string): string {
  let free = name;
  for (let number = 2; childNamed(nodes, parentId, free) !== undefined; number += 1) free = `${name} (${number})`;
  return free;
}

/** Returns true for a folder or file of the account's own space that is neither root nor mount. */
export function mayTransfer({ nodes }: ModelServer, { id, kind, parentId }: ModelNode, from: string): boolean {
  return parentId !== null && kind !== "mount" && spaceOf(nodes, id) === homeOf(from);
}
