import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Connection } from "./database.ts";
import { toDatabaseError } from "./database-error.ts";
import { openClient } from "./primary/open-client.ts";
import { OutageLog } from "./outage-log.ts";
import type { DatabaseLog } from "./database-log.ts";

export interface LockedName {
  /** Two sessions of a database that lock the same name exclude each other. */
  readonly name: string;
  readonly called: string;
  /** Activities that stop while the lock is lost. */
  readonly until: string;
  readonly applicationName: string;
}

export const lockNumber = (name: string) => `hashtextextended('${name.replaceAll("'", "''")}', 0)`;

const retryPauseMs = 100;

/**
 * Advisory lock on its own connection. The database releases it immediately when its process dies. A broken connection
 * (the database died) loses the lock until the database is back.
 */
export class SessionLock {
  readonly #connection: Connection;
  readonly #lock: LockedName;
  readonly #log: DatabaseLog;
  readonly #released = new AbortController();
  readonly #lostListeners: (() => void)[] = [];
  readonly #regainedListeners: (() => void)[] = [];
  #client: pg.Client | undefined;
  #taking: Promise<unknown> = Promise.resolve();
  #wasLost = false;

  constructor(connection: Connection, lock: LockedName, log: DatabaseLog) {
    this.#connection = connection;
    this.#lock = lock;
    this.#log = log;
  }

  get held(): boolean {
    return this.#client !== undefined;
  }

  onLost(listener: () => void): void {
    this.#lostListeners.push(listener);
  }

  onRegained(listener: () => void): void {
    this.#regainedListeners.push(listener);
  }

  /** Closing the connection releases the lock. Also ends a pending attempt. */
  async release(): Promise<void> {
    this.#released.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
    await this.#taking;
  }

  /**
   * @returns true if held now
   * @throws HoldfastError `unavailable` if the database does not respond
   */
  take(): Promise<boolean> {
    const taking = this.#take();
    this.#taking = taking.catch(() => {});
    return taking;
  }

  async #take(): Promise<boolean> {
    const client = openClient(this.#connection, {
      application_name: this.#lock.applicationName,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      // The name in a database URL overrides the one above.
      const { rows } = await client.query<{ taken: boolean }>(
        `select pg_try_advisory_lock(${lockNumber(this.#lock.name)}) as taken, set_config('application_name', $1, false)`,
        [this.#lock.applicationName],
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
    this.#wasLost = true;
    const { called, until } = this.#lock;
    this.#log.error({}, `${called} was lost: ${until} until it is acquired again`);
    for (const listener of this.#lostListeners) listener();
    void this.takeInTime();
  }

  async takeInTime(): Promise<void> {
    const { called } = this.#lock;
    const over = `${called} can be acquired again`;
    const taken = new OutageLog(this.#log, { level: "error", message: `another server holds ${called}`, over });
    const answers = `the database responds to requests for ${called} again`;
    const failing = new OutageLog(this.#log, {
      level: "warn",
      message: `${called} cannot be acquired yet`,
      over: answers,
    });
    while (!this.#released.signal.aborted) {
      try {
        if (await this.take()) break;
        failing.worked();
        taken.failed({});
      } catch (error) {
        failing.failed({ reason: (error as Error).message });
      }
      await delay(retryPauseMs, undefined, { signal: this.#released.signal }).catch(() => {});
    }
    if (!this.held) return;
    if (this.#wasLost) this.#log.info({}, `${called} was acquired again`);
    for (const listener of this.#regainedListeners) listener();
  }
}
