import type { NodeId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { folderContent, linkContent } from "../model/content.ts";
import type { ContentKey, OperationId, RemoteRow } from "../model/trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";

export function remoteRowOf(node: NodeJson): RemoteRow {
  const kind: NodeKind = node.kind === "file" || node.kind === "symlink" ? node.kind : "folder";
  return {
    kind,
    parent: (node.parent_id ?? "") as NodeId,
    name: storableName(node.name),
    content: contentOfNode(node),
    executable: kind === "file" && node.executable,
    // A mount stands for another account's folder, which has its own privacy.
    ...(node.private !== undefined && (kind === "file" || node.kind === "folder") && { isPrivate: node.private }),
    trashed: node.trashed_at !== null,
    versionId: node.version_id,
    revision: node.revision,
    seq: node.seq,
    sizeBytes: node.size,
    modifiedAt: node.modified_at,
    operationId: (node.operation_id ?? null) as OperationId | null,
  };
}

function contentOfNode({ kind, content_id: contentId, target }: NodeJson): ContentKey {
  if (kind === "symlink") return linkContent(target ?? "");
  return (kind === "file" ? (contentId ?? "") : folderContent) as ContentKey;
}

/** Storing invalid Unicode would replace it. The added slash makes the name unfit for every disk (`rules/unfit.ts`). */
function storableName(name: string): string {
  return name.isWellFormed() ? name : `/${name.toWellFormed()}`;
}
