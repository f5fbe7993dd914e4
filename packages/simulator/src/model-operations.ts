import { checkName, nameKey } from "@holdfast/core/names";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ModelServer } from "./model-server.ts";
import { childNamed, isLiveNode, lineage, type ModelNode, type Nodes, refuse } from "./model-tree.ts";

type Put = BatchOperationInput & { op: "put" };

/** One operation of a batch, with the answers of the real server; a refusal is thrown. */
export function applyOperation(
  server: ModelServer,
  device: string,
  operation: BatchOperationInput,
  inGroup: boolean,
): void {
  switch (operation.op) {
    case "mkdir":
    case "symlink":
      return createNode(server, device, operation, inGroup);
    case "put":
      return operation.file_id === undefined
        ? createNode(server, device, operation, inGroup)
        : putVersion(server, device, { ...operation, file_id: operation.file_id }, inGroup);
    case "move":
      return move(server, device, operation, inGroup);
    case "set": {
      const node = mustBeLive(server, operation.file_id);
      checkBase(node, operation);
      const executable = operation.executable ?? node.executable;
      if (executable === node.executable) return;
      return server.record(device, { ...node, executable }, "changed");
    }
    case "delete":
      return remove(server, device, operation);
    default:
      return refuse("bad_request", `The model does not know ${operation.op}.`);
  }
}

/** Of a group: names may be taken twice until its end. @returns the later claimer of one that still is, or -1 */
export function contestedName(nodes: Nodes, unit: readonly BatchOperationInput[]): number {
  return unit.findLastIndex((operation) => {
    const node = nodes.get(nodeIdOf(operation) ?? "");
    if (node === undefined || node.trashed || node.parentId === null) return false;
    return childNamed(nodes, node.parentId, node.name, node.id) !== undefined;
  });
}

/** That an operation makes or changes. */
export function nodeIdOf(operation: BatchOperationInput): string | undefined {
  const made = "id" in operation ? operation.id : undefined;
  return "file_id" in operation ? (operation.file_id ?? made) : made;
}

function createNode(
  server: ModelServer,
  device: string,
  operation: BatchOperationInput & { op: "mkdir" | "symlink" | "put" },
  inGroup: boolean,
): void {
  const { parentId, name } = placeOf(server, device, operation);
  if (operation.op === "put" && operation.base_version !== undefined) refuse("conflict", "It is not there any more.");
  claim(server, { parentId, name, inGroup });
  const id = operation.id ?? server.fresh("node");
  if (server.nodes.has(id)) refuse("exists", "This id is in use.");
  const version =
    operation.op === "put" ? server.addVersion(operation) : { versionId: null, contentId: null, sizeBytes: 0 };
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
    executable: operation.executable ?? false,
  };
  server.record(device, node, "changed");
  server.firstContents.set(id, node.contentId);
}

function putVersion(server: ModelServer, device: string, operation: Put & { file_id: string }, inGroup: boolean): void {
  const node = mustExist(server, operation.file_id);
  const isRevived = !isLiveNode(server.nodes, node.id);
  if (isRevived && operation.revive !== true) refuse("trashed", `${node.name} is in the trash.`);
  checkBase(node, operation);
  const place = isRevived ? revivedPlace(server, device, node, { operation, inGroup }) : {};
  const version = server.addVersion(operation);
  const isSame = version.contentId === node.contentId;
  const next = {
    ...node,
    ...place,
    ...(isSame ? {} : { ...version, operationId: operation.operation_id, modifiedAt: operation.modified_at ?? "" }),
    executable: operation.executable ?? node.executable,
  };
  if (isSame && !isRevived && next.executable === node.executable) return;
  server.record(device, next, isRevived ? "appeared" : "changed");
}

function move(
  server: ModelServer,
  device: string,
  operation: BatchOperationInput & { op: "move" },
  inGroup: boolean,
): void {
  const node = mustExist(server, operation.file_id);
  const isRevived = !isLiveNode(server.nodes, node.id);
  if (isRevived && operation.revive !== true) refuse("trashed", `${node.name} is in the trash.`);
  checkBase(node, operation);
  const place = revivedPlace(server, device, node, { operation, inGroup });
  if (!isRevived && place.parentId === node.parentId && place.name === node.name) return;
  server.record(device, { ...node, ...place }, isRevived ? "appeared" : "changed");
}

function revivedPlace(
  server: ModelServer,
  device: string,
  node: ModelNode,
  {
    operation,
    inGroup,
  }: { readonly operation: BatchOperationInput & { op: "move" | "put" }; readonly inGroup: boolean },
): { parentId: string; name: string; trashed: boolean } {
  const { parentId, name } = placeOf(server, device, operation);
  if (lineage(server.nodes, parentId).some(({ id }) => id === node.id))
    refuse("cycle", "A folder cannot be inside itself.");
  claim(server, { parentId, name, inGroup, except: node.id });
  return { parentId, name, trashed: false };
}

function remove(server: ModelServer, device: string, operation: BatchOperationInput & { op: "delete" }): void {
  const node = mustBeLive(server, operation.file_id);
  checkBase(node, operation);
  const { seen } = operation;
  const isChanged = server.journal.some(
    (entry) => seen !== undefined && entry.seq > seen && entry.device !== device && isBelow(server, entry.id, node),
  );
  if (isChanged) refuse("subtree_changed", "Another device has changed something in here.");
  server.record(device, { ...node, trashed: true }, "gone");
}

function isBelow(server: ModelServer, id: string, above: ModelNode): boolean {
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

function mustExist(server: ModelServer, id: string): ModelNode {
  if (server.failedIds.has(id)) refuse("dependency", "The operation that should have made this node failed.");
  return server.nodes.get(id) ?? refuse("not_found", "There is no such file or folder.");
}

function mustBeLive(server: ModelServer, id: string): ModelNode {
  const node = mustExist(server, id);
  return isLiveNode(server.nodes, id) ? node : refuse("trashed", `${node.name} is in the trash.`);
}

/** With `revive`, folders of the trash are made anew. */
function placeOf(
  server: ModelServer,
  device: string,
  operation: {
    operation_id: string;
    parent_id?: string | undefined;
    name?: string | undefined;
    revive?: boolean | undefined;
  },
): { parentId: string; name: string } {
  const { name = refuse("invalid_field", "A name is needed."), revive } = operation;
  checkName(name);
  const parent = mustExist(server, operation.parent_id ?? server.rootId);
  if (parent.kind !== "folder") refuse("invalid_field", `${parent.name} is no folder.`);
  if (revive === true) return { parentId: liveFolder(server, device, parent.id, operation), name };
  return { parentId: mustBeLive(server, parent.id).id, name };
}

/** @returns the live folder that stands for one of the trash */
function liveFolder(server: ModelServer, device: string, id: string, by: { operation_id: string }): string {
  let liveId = server.rootId;
  for (const folder of lineage(server.nodes, id).toReversed().slice(1)) {
    const isLive = folder.parentId === liveId && !folder.trashed;
    liveId = isLive ? folder.id : folderNamed(server, device, { ...by, parent_id: liveId, name: folder.name });
  }
  return liveId;
}

function folderNamed(
  server: ModelServer,
  device: string,
  { operation_id, parent_id, name }: { operation_id: string; parent_id: string; name: string },
): string {
  const there = childNamed(server.nodes, parent_id, name);
  if (there?.kind === "folder") return there.id;
  let free = name;
  for (let number = 2; childNamed(server.nodes, parent_id, free) !== undefined; number += 1)
    free = `${name} (${number})`;
  const id = server.fresh("node");
  createNode(server, device, { op: "mkdir", operation_id, id, parent_id, name: free }, true);
  return id;
}

function claim(
  server: ModelServer,
  { parentId, name, inGroup, except }: { parentId: string; name: string; inGroup: boolean; except?: string },
): void {
  if (inGroup) return;
  const taken = childNamed(server.nodes, parentId, name, except);
  if (taken !== undefined) refuse("exists", `There is already ${nameKey(taken.name)} here.`);
}
