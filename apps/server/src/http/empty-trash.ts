import { limits } from "@holdfast/core/limits";
import type { Caller } from "../accounts/caller.ts";
import type { Shards } from "../db/shards.ts";
import type { Committer } from "../metadata/commit-queue.ts";
import { listTrash } from "../metadata/trash-list.ts";

/** Purges what lay in the trash when it began, in batches, so that no lock is held for long. @returns how many items */
export async function emptyTrash(shards: Shards, committer: Committer, caller: Caller): Promise<number> {
  let purged = 0;
  let cursor: string | undefined;
  do {
    const page = await listTrash(shards, caller, { limit: limits.batchOperationsMax, cursor });
    const operations = page.items.map((item) => ({ op: "purge", fileId: item.id, trashedOnly: true }) as const);
    const { results } = await committer.commit(caller, operations);
    purged += results.filter((result) => result.status === "committed").length;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return purged;
}
