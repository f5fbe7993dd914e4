import { limits } from "@holdfast/core/limits";
import type { Shards } from "../../db/shards.ts";
import { freeBytesOf } from "../../metadata/weight/stored-bytes.ts";
import { readUsage } from "../../metadata/weight/usage.ts";
import type { Handlers } from "../handler.ts";

/** Use of the room of the caller's own space. */
export function usageHandlers({ shards }: { readonly shards: Shards }) {
  return {
    getUsage: async ({ caller }) => {
      const usage = await readUsage(shards, caller);
      const { quota_bytes, used_bytes, stored_bytes } = usage;
      return {
        status: 200,
        json: {
          quota_bytes,
          used_bytes,
          stored_bytes,
          stored_bytes_max: quota_bytes === null ? null : limits.quotaStoredFactor * quota_bytes,
          free_bytes: freeBytesOf(usage),
          files_bytes: usage.filesBytes,
          versions_bytes: usage.versionsBytes,
          old_versions_bytes: usage.oldVersionsBytes,
          trash_bytes: usage.trashBytes,
          uploads_bytes: usage.uploadsBytes,
          complete: usage.isComplete,
          largest_versions: [...usage.largest],
        },
      };
    },
  } satisfies Handlers;
}
