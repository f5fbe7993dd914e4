import pg from "pg";
import { backoffMs, type BackoffLimits } from "@holdfast/core/backoff";
import { HoldfastError } from "@holdfast/core/errors";
import { within } from "../../within.ts";
import { type Connection, type DatabaseOptions, openPool } from "../database.ts";
import { databaseName } from "../database-name.ts";
import { OutageLog } from "../outage-log.ts";
import { type Lag, lagOf, type LogPosition, readReplayed, type ReplayedLog } from "./log-position.ts";

export interface ReplicaTimes {
  /** Pauses between checks of a replica that is behind. After the last, the primary is used. */
  readonly replayWaitsMs: readonly number[];
  /** For checks of a replica, and for the end of the primary's log. */
  readonly checkTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Time for which a reported position is still true: a promotion ends no connection. */
  readonly rememberedMs: number;
  /** Times for which a replica is not used. */
  readonly restBehind: BackoffLimits;
  readonly restFailed: BackoffLimits;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly nowMs: () => number;
}

export interface ReplicaState {
  readonly database: string;
  /** `used`: within a second, it has replayed the primary's log. `unknown`: the primary does not answer. */
  readonly state: "used" | Lag["state"] | "unreachable" | "unknown";
  readonly behindBytes: number | undefined;
}

const connectTimeoutMs = 1000;
/** Longer than for a read, so that a report does not depend on the last milliseconds. */
const reportWaitsMs = [10, 40, 150, 300, 500];

/** A PostgreSQL standby of a shard. */
export class Replica {
  readonly #connection: Connection;
  readonly #name: string;
  readonly #pool: pg.Pool;
  readonly #times: ReplicaTimes;
  readonly #outage: OutageLog;
  readonly #remembered = new WeakMap<pg.PoolClient, { readonly replayed: ReplayedLog; readonly untilMs: number }>();
  readonly #readEnd: () => Promise<LogPosition>;
  #confirmedUntilMs = 0;
  #connectionsInUse = 0;
  #failures = 0;
  #restsUntilMs = 0;

  /**
   * @param readEnd end of the primary's log, at a moment after the call
   * @throws HoldfastError failed if the URL cannot be used
   */
  constructor(url: string, options: DatabaseOptions, times: ReplicaTimes, readEnd: () => Promise<LogPosition>) {
    this.#connection = { connectionString: url };
    this.#name = nameOf(this.#connection);
    this.#pool = openPool({ ...options, connection: this.#connection, connectTimeoutMs, readOnly: true });
    this.#pool.on("acquire", () => (this.#connectionsInUse += 1));
    this.#pool.on("release", () => (this.#connectionsInUse -= 1));
    this.#times = times;
    this.#readEnd = readEnd;
    this.#outage = new OutageLog(options.log, {
      level: "warn",
      message: "a database replica cannot be used; the primary answers instead",
      over: "a database replica is used again",
    });
  }

  get isAvailable(): boolean {
    return !this.#rests && this.#connectionsInUse < this.#pool.options.max;
  }

  get #rests(): boolean {
    return this.#times.nowMs() < this.#restsUntilMs;
  }

  /** @returns a connection that sees all commits before the position; undefined if the replica cannot be used now */
  async connect(wanted: LogPosition): Promise<pg.PoolClient | undefined> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      const isResting = this.#rests;
      const lag = isResting ? undefined : await this.#reach(client, wanted);
      if (lag !== undefined) this.#rest(lag.reason, this.#times.restBehind);
      // A rest that has ended meanwhile leaves the replica unchecked.
      if (isResting || lag !== undefined || this.#rests) {
        client.release();
        return undefined;
      }
      this.#failures = 0;
      this.#outage.worked();
      return client;
    } catch (error) {
      // Its query may still be running.
      client?.release(true);
      this.failed(error);
      return undefined;
    }
  }

  failed(error: unknown): void {
    this.#rest(error instanceof Error ? error.message : String(error), this.#times.restFailed);
  }

  /** Longer with each failure in a row. Statements that fail together count as one. */
  #rest(reason: string, limits: BackoffLimits): void {
    if (this.#rests) return;
    this.#failures += 1;
    this.#restsUntilMs = this.#times.nowMs() + backoffMs(limits, this.#failures);
    this.#outage.failed({ replica: this.#name, reason });
  }

  async #reach(client: pg.PoolClient, wanted: LogPosition): Promise<Lag | undefined> {
    const known = this.#remembered.get(client);
    if (known !== undefined && this.#times.nowMs() < known.untilMs && lagOf(known.replayed, wanted) === undefined)
      return undefined;
    const replayed = await this.#lastReplayed(client, wanted, this.#times.replayWaitsMs);
    const lag = lagOf(replayed, wanted) ?? (await this.#leadOf(replayed, wanted));
    if (lag === undefined)
      this.#remembered.set(client, { replayed, untilMs: this.#times.nowMs() + this.#times.rememberedMs });
    return lag;
  }

  /** A primary whose disk was restored from an older copy is behind its former standbys, on the same timeline. */
  async #leadOf(replayed: ReplayedLog, wanted: LogPosition): Promise<Lag | undefined> {
    if (this.#times.nowMs() < this.#confirmedUntilMs) return undefined;
    if (replayed.bytes > wanted.bytes && (await this.#readEnd()).bytes < replayed.bytes)
      return { state: "not_standby", reason: "It is ahead of the primary." };
    this.#confirmedUntilMs = this.#times.nowMs() + this.#times.rememberedMs;
    return undefined;
  }

  /** Waits until the position is replayed, but not long. */
  async #lastReplayed(
    client: pg.Client | pg.PoolClient,
    wanted: LogPosition,
    waitsMs: readonly number[],
  ): Promise<ReplayedLog> {
    let replayed = await this.#check(client);
    for (const waitMs of waitsMs) {
      if (lagOf(replayed, wanted)?.behindBytes === undefined) break;
      await this.#times.sleep(waitMs);
      replayed = await this.#check(client);
    }
    return replayed;
  }

  #check(client: pg.Client | pg.PoolClient): Promise<ReplayedLog> {
    return within(this.#times.checkTimeoutMs, readReplayed(client), () => {
      throw new HoldfastError("unavailable", "It does not answer.");
    });
  }

  /** By a connection of its own, because those of the pool may be in use. @param wanted undefined: unknown */
  async state(wanted: LogPosition | undefined): Promise<ReplicaState> {
    const { options } = this.#pool;
    const client = new pg.Client({
      ...this.#connection,
      types: options.types,
      connectionTimeoutMillis: connectTimeoutMs,
    });
    const database = this.#name;
    client.on("error", () => {});
    try {
      await client.connect();
      if (wanted === undefined) return { database, state: "unknown", behindBytes: undefined };
      const replayed = await this.#lastReplayed(client, wanted, reportWaitsMs);
      const lag = lagOf(replayed, wanted) ?? (await this.#leadOf(replayed, wanted));
      return { database, state: lag?.state ?? "used", behindBytes: lag === undefined ? 0 : lag.behindBytes };
    } catch {
      return { database, state: "unreachable", behindBytes: undefined };
    } finally {
      void client.end().catch(() => {});
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

function nameOf(connection: Connection): string {
  try {
    return databaseName(connection);
  } catch (error) {
    const message = `A URL in replica_urls of HOLDFAST_TOPOLOGY cannot be used: ${(error as Error).message}`;
    throw new HoldfastError("failed", message, { cause: error });
  }
}
