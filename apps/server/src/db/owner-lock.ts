import type { Connection } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";

export interface OwnerLock {
  /** @throws HoldfastError `unavailable` while the lock is not held: nothing may be written then, and no job run */
  assertHeld(): void;
  readonly held: boolean;
  onLost(listener: () => void): void;
  onRegained(listener: () => void): void;
  release(): Promise<void>;
}

export declare function takeOwnerLock(connection: Connection, log: DatabaseLog): Promise<OwnerLock>;
