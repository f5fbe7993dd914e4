import { HoldfastError, type ErrorCode } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";

export interface ModelNode {
  readonly id: string;
  readonly kind: "file" | "folder" | "symlink" | "mount";
  readonly parentId: string | null;
  readonly name: string;
  /** Target of a symbolic link, or folder shown by a mount. */
  readonly target: string;
  readonly trashed: boolean;
  readonly revision: string;
  readonly seq: number;
  readonly versionId: string | null;
  readonly contentId: string | null;
  readonly sizeBytes: number;
  readonly operationId: string | null;
  readonly modifiedAt: string;
  readonly executable: boolean;
  readonly isPrivate: boolean;
}

export type Nodes = ReadonlyMap<string, ModelNode>;

export function lineage(nodes: Nodes, id: string): ModelNode[] {
  const way: ModelNode[] = [];
  for (let at: string | null = id; at !== null;) {
    const node = nodes.get(at);
    if (node === undefined) return way;
    way.push(node);
    at = node.parentId;
  }
  return way;
}

export function isLiveNode(nodes: Nodes, id: string): boolean {
  const way = lineage(nodes, id);
  return way.at(-1)?.parentId === null && way.every((node) => !node.trashed);
}

export function childNamed(nodes: Nodes, parentId: string, name: string, except?: string): ModelNode | undefined {
  for (const node of nodes.values()) {
    if (node.parentId !== parentId || node.trashed || node.id === except) continue;
    if (nameKey(node.name) === nameKey(name)) return node;
  }
  return undefined;
}

export function toJson(nodes: Nodes, node: ModelNode, role: NodeJson["role"] = "owner"): NodeJson {
  const path = lineage(nodes, node.id)
    .slice(0, -1)
    .map(({ name }) => name);
  return {
    id: node.id,
    kind: node.kind,
    name: node.name,
    parent_id: node.parentId,
    path: `/${path.toReversed().join("/")}`,
    size: node.sizeBytes,
    version: node.versionId === null ? null : 1,
    version_id: node.versionId,
    content_id: node.contentId,
    revision: node.revision,
    seq: node.seq,
    ...((node.kind === "symlink" || node.kind === "mount") && { target: node.target }),
    mime_type: null,
    modified_at: node.modifiedAt,
    created_at: node.modifiedAt,
    updated_at: node.modifiedAt,
    executable: node.executable,
    private: node.isPrivate,
    trashed_at: node.trashed ? node.modifiedAt : null,
    role,
    shared: false,
    operation_id: node.operationId,
  };
}

export function refuse(code: ErrorCode, message: string): never {
  throw new HoldfastError(code, message);
}

/** Returns the oracle's description: kind, content, executable bit and privacy. */
export function describeNode({ kind, target, contentId, executable, isPrivate }: ModelNode): string {
  const privacy = isPrivate ? " p" : "";
  if (kind === "folder" || kind === "mount") return `folder${privacy}`;
  return kind === "symlink"
    ? `symlink ${target}`
    : `file ${contentId?.slice(0, 12)}${executable ? " x" : ""}${privacy}`;
}
