import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import type { Connection } from "./database.ts";
import { toDatabaseError } from "./database-error.ts";
import type { DatabaseLog } from "./database-log.ts";

export interface OwnerLock {
  readonly held: boolean;
  /** @throws HoldfastError `unavailable` while the lock is not held: nothing may be written then, and no job run */
  assertHeld(): void;
  onLost(listener: () => void): void;
  onRegained(listener: () => void): void;
  release(): Promise<void>;
}

/**
 * Takes the lock that the owner of a data folder holds in its database, on a connection of its own for as long as it
 * runs. It stands behind the lock of the folder, for filesystems whose locks do not hold. When the connection is lost
 * (the database died), so is the lock; it is taken again as soon as the database is back.
 * @throws HoldfastError `locked` when another server holds it
 */
export async function takeOwnerLock(connection: Connection, log: DatabaseLog): Promise<OwnerLock> {
  const holder = new LockHolder(connection, log);
  if (!(await holder.take())) {
    throw new HoldfastError(
      "locked",
      "The database in the data folder is in use by another Holdfast server. Stop that one first.",
    );
  }
  return holder;
}

const retryPauseMs = 100;

class LockHolder implements OwnerLock {
  readonly #connection: Connection;
  readonly #log: DatabaseLog;
  readonly #released = new AbortController();
  readonly #lostListeners: (() => void)[] = [];
  readonly #regainedListeners: (() => void)[] = [];
  #client: pg.Client | undefined;

  constructor(connection: Connection, log: DatabaseLog) {
    this.#connection = connection;
    this.#log = log;
  }

  get held(): boolean {
    return this.#client !== undefined;
  }

  assertHeld(): void {
    if (this.held) return;
    throw new HoldfastError("unavailable", "The database is just starting again. Try again in a moment.", {
      retryAfterSeconds: 1,
    });
  }

  onLost(listener: () => void): void {
    this.#lostListeners.push(listener);
  }

  onRegained(listener: () => void): void {
    this.#regainedListeners.push(listener);
  }

  /** Ends with the connection, and with it the lock. */
  async release(): Promise<void> {
    this.#released.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  /** @returns whether the lock is ours now; @throws HoldfastError `unavailable` when the database does not answer */
  async take(): Promise<boolean> {
    const client = new pg.Client({
      ...this.#connection,
      application_name: "holdfast owner",
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ taken: boolean }>(
        "select pg_try_advisory_lock(hashtextextended('holdfast owner', 0)) as taken",
      );
      if (rows[0]?.taken === true && !this.#released.signal.aborted) {
        this.#client = client;
        client.once("end", () => this.#lose(client));
        return true;
      }
    } catch (error) {
      await client.end().catch(() => {});
      throw toDatabaseError(error);
    }
    await client.end();
    return false;
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#log.error({}, "the owner's lock on the database is lost: no writes and no jobs until it is back");
    for (const listener of this.#lostListeners) listener();
    void this.#takeAgain();
  }

  async #takeAgain(): Promise<void> {
    while (!this.#released.signal.aborted) {
      try {
        if (await this.take()) break;
        this.#log.error({}, "another server holds the owner's lock on the database");
      } catch (error) {
        this.#log.warn({ reason: (error as Error).message }, "the owner's lock cannot be taken yet");
      }
      await delay(retryPauseMs, undefined, { signal: this.#released.signal }).catch(() => {});
    }
    if (!this.held) return;
    this.#log.info({}, "the owner's lock on the database is held again");
    for (const listener of this.#regainedListeners) listener();
  }
}
