import { formatTime } from "@holdfast/core/times";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";

/** Version as in the API, without the name of its author, whose account may be on another shard. */
export type VersionFacts = Omit<VersionJson, "author">;

export type ListedVersion = Omit<VersionRow, "manifest" | "segments">;

export function versionFacts(file: NodeRow, version: ListedVersion): VersionFacts {
  return {
    number: version.number,
    version_id: version.id,
    size: version.size,
    content_id: version.content_id.toString("hex"),
    created_at: formatTime(version.created_at),
    modified_at: formatTime(dateOfVersion(file, version)),
    created_by: version.created_by,
    device_id: version.device_id,
    operation_id: version.operation_id?.toString("hex") ?? null,
    ...(version.label === null ? {} : { label: version.label }),
  };
}

/**
 * Returns the file's time for the newest version; otherwise the version's own, or its creation time if none is stored.
 */
export function dateOfVersion(
  file: Pick<NodeRow, "head_version" | "modified_at">,
  version: Pick<VersionRow, "id" | "modified_at" | "created_at">,
): number {
  return version.id === file.head_version ? file.modified_at : (version.modified_at ?? version.created_at);
}
