import { checkName, nameKey } from "@holdfast/core/names";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ModelState } from "./model-state.ts";
import { homeOf, type ModelRole, spaceOf } from "./model-shares.ts";
import { childNamed, isLiveNode, lineage, type ModelNode, type Nodes, refuse } from "./model-tree.ts";

export interface Actor {
  readonly device: string;
  readonly account: string;
}

type Put = BatchOperationInput & { op: "put" };

/** Executes one operation of a batch like the real server; refusals are thrown. */
export function applyOperation(server: ModelState, by: Actor, operation: BatchOperationInput, inGroup: boolean): void {
  checkRights(server, by, operation);
  switch (operation.op) {
    case "mkdir":
    case "symlink":
      return createNode(server, by, operation, inGroup);
    case "put":
      return operation.file_id === undefined
        ? createNode(server, by, operation, inGroup)
        : putVersion(server, by, { ...operation, file_id: operation.file_id }, inGroup);
    case "move":
      return move(server, by, operation, inGroup);
    case "set": {
      const node = mustBeLive(server, operation.file_id);
      checkBase(node, operation);
      const next = { ...node, ...modeOf(operation, node) };
      if (hasSameMode(next, node)) return;
      return server.record(by.device, next, "changed");
    }
    case "delete":
      return remove(server, by, operation);
    case "approve":
      return approve(server, by, operation);
    case "restore":
      return restore(server, by, operation.file_id);
    default:
      return refuse("bad_request", `The model does not know ${operation.op}.`);
  }
}

/** Reports an invisible node as missing, and rejects changes of a read-only one. */
function checkRights(server: ModelState, { account }: Actor, operation: BatchOperationInput): void {
  const { nodes, shares } = server;
  const node = nodes.get(("file_id" in operation ? operation.file_id : undefined) ?? "");
  const parent = nodes.get(("parent_id" in operation ? operation.parent_id : undefined) ?? homeOf(account));
  const roles = rolesTouched(server, account, operation.op, node);
  const into = parent === undefined ? "owner" : shares.roleIn(nodes, account, parent);
  const isDropped = node === undefined && into === "uploader";
  if (into === undefined || roles.has(undefined) || (into === "uploader" && !isDropped))
    refuse("not_found", "There is no such file or folder.");
  if ([...roles, into].some((role) => role === "viewer" || role === "commenter"))
    refuse("forbidden", "You may only read this.");
  const goesElsewhere = node !== undefined && "parent_id" in operation && parent !== undefined;
  if (goesElsewhere && spaceOf(nodes, node.id) !== spaceOf(nodes, parent.id)) {
    refuse("bad_request", "Nothing moves from one space to another; copy it there.");
  }
}

/** Returns the roles at an existing node, and at its folder if its place changes. */
function rolesTouched(
  { nodes, shares }: ModelState,
  account: string,
  op: BatchOperationInput["op"],
  node: ModelNode | undefined,
): Set<"owner" | ModelRole | undefined> {
  // A mount is in its account's own space, whatever the role of its share.
  if (node === undefined || (node.kind === "mount" && spaceOf(nodes, node.id) === homeOf(account))) return new Set();
  const roles = new Set([shares.roleAt(nodes, account, node)]);
  const folder = op === "move" || op === "delete" ? nodes.get(node.parentId ?? "") : undefined;
  return folder === undefined ? roles : roles.add(shares.roleIn(nodes, account, folder));
}

function checkSource(server: ModelState, { account }: Actor, operation: BatchOperationInput, nodeId: string): void {
  const source = operation.op === "put" ? operation.source_version : undefined;
  if (source === undefined || server.maySplice(source, account, nodeId)) return;
  refuse("not_found", "There is no such source version.");
}

/**
 * Names of a group may collide until its end.
 * @returns index of the later owner of a name that still collides, or -1
 */
export function contestedName(nodes: Nodes, unit: readonly BatchOperationInput[], by: Actor): number {
  return unit.findLastIndex((operation) => {
    const node = nodes.get(nodeIdOf(operation) ?? "");
    if (node === undefined || node.trashed || node.parentId === null) return false;
    return childNamed(namesSeen(nodes, by, node.parentId), node.parentId, node.name, node.id) !== undefined;
  });
}

export function nodeIdOf(operation: BatchOperationInput): string | undefined {
  const made = "id" in operation ? operation.id : undefined;
  return "file_id" in operation ? (operation.file_id ?? made) : made;
}

function createNode(
  server: ModelState,
  by: Actor,
  operation: BatchOperationInput & { op: "mkdir" | "symlink" | "put" },
  inGroup: boolean,
): void {
  const { parentId, name } = placeOf(server, by, operation);
  if (operation.op === "put" && operation.base_version !== undefined) refuse("conflict", "It is not there any more.");
  claim(server, by, { parentId, name, inGroup });
  const id = operation.id ?? server.fresh("node");
  if (server.nodes.has(id)) refuse("exists", "This id is in use.");
  if (id.includes("@") && !id.endsWith(`@${spaceOf(server.nodes, parentId)}`))
    refuse("invalid_field", "The id was made for another space.");
  checkSource(server, by, operation, parentId);
  const version =
    operation.op === "put"
      ? server.addVersion(operation, { nodeId: id, account: by.account })
      : { versionId: null, contentId: null, sizeBytes: 0 };
  const kinds = { mkdir: "folder", symlink: "symlink", put: "file" } as const;
  const node: ModelNode = {
    id,
    kind: kinds[operation.op],
    parentId,
    name,
    target: operation.op === "symlink" ? operation.target : "",
    trashed: false,
    revision: "",
    seq: 0,
    ...version,
    operationId: operation.operation_id,
    modifiedAt: operation.modified_at ?? "",
    ...modeOf(operation, { executable: false, isPrivate: false }),
  };
  server.record(by.device, node, "changed");
  server.firstContents.set(id, node.contentId);
}

type Mode = Pick<ModelNode, "executable" | "isPrivate">;

function modeOf(
  operation: { readonly executable?: boolean | undefined; readonly private?: boolean | undefined },
  before: Mode,
): Mode {
  return {
    executable: operation.executable ?? before.executable,
    isPrivate: operation.private ?? before.isPrivate,
  };
}

export function hasSameMode(one: Mode, other: Mode): boolean {
  return one.executable === other.executable && one.isPrivate === other.isPrivate;
}

function putVersion(server: ModelState, by: Actor, operation: Put & { file_id: string }, inGroup: boolean): void {
  const node = mustExist(server, operation.file_id);
  const isRevived = !isLiveNode(server.nodes, node.id);
  if (isRevived && operation.revive !== true) refuse("trashed", `${node.name} is in the trash.`);
  checkBase(node, operation);
  const place = isRevived ? revivedPlace(server, by, node, { operation, inGroup }) : {};
  checkSource(server, by, operation, node.id);
  const version = server.addVersion(operation, { nodeId: node.id, account: by.account });
  const isSame = version.contentId === node.contentId;
  const next = {
    ...node,
    ...place,
    ...(isSame ? {} : { ...version, operationId: operation.operation_id, modifiedAt: operation.modified_at ?? "" }),
    ...modeOf(operation, node),
  };
  if (isSame && !isRevived && hasSameMode(next, node)) return;
  server.record(by.device, next, isRevived ? "appeared" : "changed");
}

function move(server: ModelState, by: Actor, operation: BatchOperationInput & { op: "move" }, inGroup: boolean): void {
  const node = mustExist(server, operation.file_id);
  const isRevived = !isLiveNode(server.nodes, node.id);
  if (isRevived && operation.revive !== true) refuse("trashed", `${node.name} is in the trash.`);
  checkBase(node, operation);
  const place = revivedPlace(server, by, node, { operation, inGroup });
  if (!isRevived && place.parentId === node.parentId && place.name === node.name) return;
  server.record(by.device, { ...node, ...place }, isRevived ? "appeared" : "changed");
}

function revivedPlace(
  server: ModelState,
  by: Actor,
  node: ModelNode,
  {
    operation,
    inGroup,
  }: { readonly operation: BatchOperationInput & { op: "move" | "put" }; readonly inGroup: boolean },
): { parentId: string; name: string; trashed: boolean } {
  const { parentId, name } = placeOf(server, by, operation);
  if (lineage(server.nodes, parentId).some(({ id }) => id === node.id))
    refuse("cycle", "A folder cannot be inside itself.");
  claim(server, by, { parentId, name, inGroup, except: node.id });
  return { parentId, name, trashed: false };
}

function remove(server: ModelState, by: Actor, operation: BatchOperationInput & { op: "delete" }): void {
  const node = mustBeLive(server, operation.file_id);
  checkBase(node, operation);
  const { seen } = operation;
  const space = spaceOf(server.nodes, node.id);
  const isChanged = server.journal.some(
    (entry) =>
      seen !== undefined &&
      entry.space === space &&
      entry.seq > seen &&
      entry.device !== by.device &&
      isBelow(server, entry.id, node),
  );
  if (isChanged) refuse("subtree_changed", "Another device has changed something in here.");
  if (space !== homeOf(by.account) && server.shares.keepsBelow(server.nodes, by.account, node.id))
    refuse("forbidden", "It contains what is shown elsewhere, or may not be changed.");
  const decided = operation.approved === true ? { approvedBy: by.account } : undefined;
  server.record(by.device, { ...node, trashed: true }, "gone", decided);
}

function approve(server: ModelState, by: Actor, operation: BatchOperationInput & { op: "approve" }): void {
  const { file_id: id, seen = 0 } = operation;
  if (server.approvePurged(by.device, by.account, { id, seen })) return;
  server.record(by.device, mustBeTrashed(server, by, id), "gone", { approvedBy: by.account });
}

/** Restores only to the former place. */
function restore(server: ModelState, by: Actor, id: string): void {
  const node = mustBeTrashed(server, by, id);
  if (!isLiveNode(server.nodes, node.parentId ?? "")) refuse("trashed", "The folder is in the trash.");
  claim(server, by, { parentId: node.parentId ?? "", name: node.name, inGroup: false, except: id });
  server.record(by.device, { ...node, trashed: false }, "appeared");
}

function mustBeTrashed(server: ModelState, by: Actor, id: string): ModelNode {
  const node = server.nodes.get(id);
  if (node?.trashed !== true) return refuse("not_found", "There is no such file or folder in the trash.");
  if (spaceOf(server.nodes, id) !== homeOf(by.account)) refuse("forbidden", "Only its owner may do this.");
  return node;
}

function isBelow(server: ModelState, id: string, above: ModelNode): boolean {
  if (id === above.id) return above.kind !== "folder";
  return lineage(server.nodes, id).some((node) => node.id === above.id);
}

function checkBase(
  node: ModelNode,
  base: { readonly base_version?: string | number | undefined; readonly base_revision?: string | undefined },
): void {
  const isOther = base.base_revision !== undefined && base.base_revision !== node.revision;
  const isOlder = base.base_version !== undefined && base.base_version !== node.versionId;
  if (isOther || isOlder) refuse("conflict", `${node.name} has changed.`);
}

function mustExist(server: ModelState, id: string): ModelNode {
  if (server.failedIds.has(id)) refuse("dependency", "The operation that should have made this node failed.");
  return server.nodes.get(id) ?? refuse("not_found", "There is no such file or folder.");
}

function mustBeLive(server: ModelState, id: string): ModelNode {
  const node = mustExist(server, id);
  return isLiveNode(server.nodes, id) ? node : refuse("trashed", `${node.name} is in the trash.`);
}

function placeOf(
  server: ModelState,
  by: Actor,
  operation: {
    operation_id: string;
    parent_id?: string | undefined;
    name?: string | undefined;
    revive?: boolean | undefined;
  },
): { parentId: string; name: string } {
  const { name = refuse("invalid_field", "A name is needed."), revive } = operation;
  checkName(name);
  const parent = mustExist(server, operation.parent_id ?? homeOf(by.account));
  if (parent.kind !== "folder") refuse("invalid_field", `${parent.name} is no folder.`);
  if (revive === true) return { parentId: liveFolder(server, by, parent.id, operation), name };
  return { parentId: mustBeLive(server, parent.id).id, name };
}

function liveFolder(server: ModelState, by: Actor, id: string, { operation_id }: { operation_id: string }): string {
  const [root, ...way] = lineage(server.nodes, id).toReversed();
  let liveId = root?.id ?? server.rootId;
  for (const folder of way) {
    const isLive = folder.parentId === liveId && !folder.trashed;
    liveId = isLive ? folder.id : folderNamed(server, by, { operation_id, parent_id: liveId, name: folder.name });
  }
  return liveId;
}

function folderNamed(
  server: ModelState,
  by: Actor,
  { operation_id, parent_id, name }: { operation_id: string; parent_id: string; name: string },
): string {
  const there = childNamed(server.nodes, parent_id, name);
  if (there?.kind === "folder") return there.id;
  let free = name;
  for (let number = 2; childNamed(server.nodes, parent_id, free) !== undefined; number += 1)
    free = `${name} (${number})`;
  const id = server.fresh("node");
  createNode(server, by, { op: "mkdir", operation_id, id, parent_id, name: free }, true);
  return id;
}

function claim(
  server: ModelState,
  by: Actor,
  { parentId, name, inGroup, except }: { parentId: string; name: string; inGroup: boolean; except?: string },
): void {
  if (inGroup) return;
  const taken = childNamed(namesSeen(server.nodes, by, parentId), parentId, name, except);
  if (taken !== undefined) refuse("exists", `There is already ${nameKey(taken.name)} here.`);
}

/** Other accounts' mounts are invisible and take no names. */
function namesSeen(nodes: Nodes, { account }: Actor, parentId: string): Nodes {
  const isOwn = spaceOf(nodes, parentId) === homeOf(account);
  return isOwn ? nodes : new Map([...nodes].filter(([, { kind }]) => kind !== "mount"));
}
