import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { FileContent, FileItem, FolderItem } from "./job.ts";

/** Builds the same operation for the same id, so that a retry has no second effect. */
export function putOperation(item: FileItem, content: FileContent): BatchOperationInput {
  const { ids, folder, name, replaces, choice, mtimeMs } = item;
  const put = {
    op: "put" as const,
    operation_id: ids.operationId,
    size: content.sizeBytes,
    content_id: content.contentId,
    blocks: [...content.blocks],
    modified_at: new Date(mtimeMs).toISOString(),
  };
  if (replaces !== undefined) return { ...put, file_id: replaces.fileId, base_version: replaces.versionId };
  const beside = choice === "keep" ? ({ on_conflict: "rename" } as const) : {};
  return { ...put, ...beside, id: ids.nodeId, parent_id: folder.id ?? "", name };
}

export function mkdirOperation({ ids, parent, name, choice }: FolderItem): BatchOperationInput {
  const made = { op: "mkdir" as const, operation_id: ids.operationId, id: ids.nodeId, name };
  const parentId = parent?.id ?? parent?.ids.nodeId ?? "";
  return { ...made, parent_id: parentId, ...(choice === "keep" ? { on_conflict: "rename" } : {}) };
}
