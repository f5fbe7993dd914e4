import { formatTime } from "@holdfast/core/times";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { NodeRow, VersionRow } from "../../db/shard-tables.ts";

/** As the API shows it, but for the name of its author, who may have an account on another shard. */
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

/** The newest version has the date of its file; one of which no date is known has the time at which it was made. */
export function dateOfVersion(
  file: Pick<NodeRow, "head_version" | "modified_at">,
  version: Pick<VersionRow, "id" | "modified_at" | "created_at">,
): number {
  return version.id === file.head_version ? file.modified_at : (version.modified_at ?? version.created_at);
}
