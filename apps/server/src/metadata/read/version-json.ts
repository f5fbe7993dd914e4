import { formatTime } from "@holdfast/core/times";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { VersionRow } from "../../db/shard-tables.ts";

/** As the API shows it, but for the name of its author, who may have an account on another shard. */
export type VersionFacts = Omit<VersionJson, "author">;

export function versionFacts(version: Omit<VersionRow, "manifest" | "segments">): VersionFacts {
  return {
    number: version.number,
    version_id: version.id,
    size: version.size,
    content_id: version.content_id.toString("hex"),
    created_at: formatTime(version.created_at),
    created_by: version.created_by,
    device_id: version.device_id,
    operation_id: version.operation_id?.toString("hex") ?? null,
    ...(version.label === null ? {} : { label: version.label }),
  };
}
