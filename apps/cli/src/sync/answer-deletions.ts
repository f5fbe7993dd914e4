import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { Brakes } from "@holdfast/sync/brakes/brakes";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import { stateName } from "./client-engine.ts";
import type { KnownSync } from "./known-syncs.ts";
import { forgetWaiting } from "./last-status.ts";

/**
 * Says to deletions that wait what a person decided, in place of a client that does not run: its next run does it, and until then nothing is
 * done here or on the server.
 * @throws HoldfastError `locked` where a client has been started meanwhile; as `lockFolder` does
 */
export async function answerDeletions(
  sync: KnownSync,
  action: "approve" | "undo",
  ids: readonly string[],
): Promise<void> {
  const { folder, record } = sync;
  const lock = lockFolder(record.root);
  try {
    const database = new DatabaseSync(join(folder, stateName));
    try {
      const state = new SyncState(database, record.remote_id as NodeId);
      new Brakes(state, record.brake ?? undefined, () => Date.now())[action](ids);
    } finally {
      database.close();
    }
    await forgetWaiting(sync, ids);
  } finally {
    lock.release();
  }
}
