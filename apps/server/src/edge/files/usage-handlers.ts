import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { ReadShards } from "../../base/db/shards.ts";
import { freeBytesOf } from "../../tree/weight/stored-bytes.ts";
import { readUsage } from "../../tree/read/usage.ts";
import type { Handlers } from "../exchange/handler.ts";

type GuardsRoom = Pick<BlockService, "assertRoom">;

export function usageHandlers({ reads, blocks }: { readonly reads: ReadShards; readonly blocks: GuardsRoom }) {
  return {
    getUsage: async ({ caller }) => {
      const [usage, serverSpace] = await Promise.all([readUsage(reads, caller), spaceOnDisk(blocks, caller.spaceId)]);
      const { quota_bytes, used_bytes, stored_bytes } = usage;
      return {
        status: 200,
        json: {
          quota_bytes,
          used_bytes,
          stored_bytes,
          stored_bytes_max: quota_bytes === null ? null : limits.quotaStoredFactor * quota_bytes,
          free_bytes: freeBytesOf(usage),
          ...(serverSpace === undefined ? {} : { server_space: serverSpace }),
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

/** Reports only whether uploads fit. The size of the disk is for administrators. */
async function spaceOnDisk(blocks: GuardsRoom, spaceId: SpaceId): Promise<"low" | "full" | undefined> {
  if (!(await hasRoom(blocks, spaceId, 1))) return "full";
  return (await hasRoom(blocks, spaceId, limits.serverSpaceLowBytes)) ? undefined : "low";
}

async function hasRoom(blocks: GuardsRoom, spaceId: SpaceId, sizeBytes: number): Promise<boolean> {
  try {
    await blocks.assertRoom(spaceId, sizeBytes);
    return true;
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "store_full") return false;
    throw thrown;
  }
}
