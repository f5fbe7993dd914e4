import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import { stateName } from "./client-engine.ts";
import type { KnownSync } from "./known-syncs.ts";

/**
 * @param after called while no client can start
 * @throws HoldfastError `locked` if a client is running; as `lockFolder`
 */
export async function changeState<Result>(
  { folder, record }: KnownSync,
  change: (state: SyncState) => Result | Promise<Result>,
  after: (result: Result) => Promise<void> = () => Promise.resolve(),
): Promise<Result> {
  const lock = lockFolder(record.root);
  try {
    const database = new DatabaseSync(join(folder, stateName));
    let result: Result;
    try {
      result = await change(new SyncState(database, record.remote_id as NodeId));
    } finally {
      database.close();
    }
    await after(result);
    return result;
  } finally {
    lock.release();
  }
}
