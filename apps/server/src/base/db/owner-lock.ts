import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { SessionLock } from "./session-lock.ts";

export interface OwnerLock {
  readonly held: boolean;
  /** @throws HoldfastError `unavailable` while the lock is lost; nothing may be written and no job may run then */
  assertHeld(): void;
  onLost(listener: () => void): void;
  onRegained(listener: () => void): void;
  release(): Promise<void>;
}

/**
 * Supplements the lock of the folder, for filesystems whose locks do not work. Uses its own connection. A broken
 * connection (the database died) loses the lock until the database is back.
 * @throws HoldfastError `locked` if another server holds it
 */
export async function takeOwnerLock(connection: Connection, log: DatabaseLog): Promise<OwnerLock> {
  const holder = new OwnerLockHolder(connection, owner, log);
  if (!(await holder.take())) {
    throw new HoldfastError(
      "locked",
      "The database in the data folder is in use by another Holdfast server. Stop that server first.",
    );
  }
  return holder;
}

const owner = {
  name: "holdfast owner",
  called: "the lock on the database",
  until: "no writes and no jobs",
  applicationName: "holdfast owner",
};

class OwnerLockHolder extends SessionLock implements OwnerLock {
  assertHeld(): void {
    if (this.held) return;
    throw new HoldfastError("unavailable", "The database is restarting. Try again in a moment.", {
      retryAfterSeconds: 1,
    });
  }
}
