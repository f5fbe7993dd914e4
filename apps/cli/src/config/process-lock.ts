import { setTimeout as wait } from "node:timers/promises";
import { DatabaseSync } from "node:sqlite";
import { HoldfastError } from "@holdfast/core/errors";

const retryDelayMs = 20;
const waitMsMax = 30_000;

/**
 * Runs `act` while this process holds the lock of the file. The lock is SQLite's lock on an empty database. The system
 * releases it when the process dies, so a lock is never stale.
 */
export async function withProcessLock<Result>(path: string, act: () => Promise<Result>): Promise<Result> {
  const database = new DatabaseSync(path);
  try {
    await begin(database, path);
    try {
      return await act();
    } finally {
      database.exec("ROLLBACK");
    }
  } finally {
    database.close();
  }
}

async function begin(database: DatabaseSync, path: string): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += retryDelayMs) {
    try {
      // A journal on the disk would need space there.
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return;
    } catch (thrown) {
      if (waitedMs < waitMsMax && isBusy(thrown)) await wait(retryDelayMs);
      else throw new HoldfastError("failed", `The lock ${path} cannot be acquired.`, { cause: thrown });
    }
  }
}

function isBusy(thrown: unknown): boolean {
  return thrown instanceof Error && Reflect.get(thrown, "errcode") === 5;
}
