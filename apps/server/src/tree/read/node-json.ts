import { extname } from "node:path/posix";
import { formatTime } from "@holdfast/core/times";
import type { NodeJson, NodeRowJson } from "@holdfast/protocol/values";
import { lookup } from "mime-types";
import { mayHaveThumb } from "./may-have-thumb.ts";
import type { PlacedNode } from "./placed-node.ts";

/** @param isStarred by the caller, for lists that show it */
export function nodeJson({ row, path, role, rights, isTop, waits }: PlacedNode, isStarred = false): NodeJson {
  const file = row.kind === "file";
  const json: NodeJson = {
    id: row.id,
    kind: row.kind,
    name: row.name,
    parent_id: isTop === true ? null : row.parent_id,
    path,
    size: row.size,
    version: file ? row.version_number : null,
    version_id: file ? row.head_version : null,
    content_id: file ? (row.content_id?.toString("hex") ?? null) : null,
    revision: row.revision,
    seq: row.seq,
    mime_type: file ? mimeTypeOf(row.name) : null,
    modified_at: formatTime(row.modified_at),
    created_at: formatTime(row.created_at),
    updated_at: formatTime(row.updated_at),
    executable: row.executable,
    private: row.private,
    trashed_at: row.trashed_at === null ? null : formatTime(row.trashed_at),
    role,
    shared: row.shared || rights !== undefined,
    device_id: row.device_id,
    operation_id: row.operation_id?.toString("hex") ?? null,
  };
  if (mayHaveThumb(row)) json.thumb = true;
  if (isStarred) json.starred = true;
  if (waits === true) json.waits = true;
  if (rights?.at(row.id) !== undefined) json.granted = true;
  if (row.target !== null) json.target = row.target;
  if (row.metadata !== null) json.metadata = row.metadata as NonNullable<NodeJson["metadata"]>;
  return json;
}

export function nodeRow({ row, role, rights, waits }: PlacedNode, isStarred: boolean): NodeRowJson {
  const json: NodeRowJson = {
    id: row.id,
    kind: row.kind,
    name: row.name,
    size: row.size,
    modified_at: formatTime(row.modified_at),
    revision: row.revision,
    seq: row.seq,
    role,
  };
  if (mayHaveThumb(row) && row.content_id !== null) {
    json.thumb = true;
    json.content_id = row.content_id.toString("hex");
  }
  if (row.shared || rights !== undefined) json.shared = true;
  if (isStarred) json.starred = true;
  if (waits === true) json.waits = true;
  if (rights?.at(row.id) !== undefined) json.granted = true;
  if (row.target !== null) json.target = row.target;
  return json;
}

/** Derives the type from the name alone, so clients must not trust it (downloads set nosniff). */
export function mimeTypeOf(name: string): string {
  // `lookup` would treat a name without a dot as an extension.
  const type = lookup(extname(name));
  return type === false ? "application/octet-stream" : type;
}
