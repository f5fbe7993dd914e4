import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { within } from "../within.ts";
import type { CellTables } from "./cell-tables.ts";
import { type Database, openDatabase } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { OutageLog } from "./outage-log.ts";
import { confirmMap, forgetMapReaders, type ReadMap, readShardMap } from "./shard-map.ts";
import type { Databases, Trust } from "./shards.ts";

export interface MapTimes {
  readonly pollMs: number;
  /** After a failure. */
  readonly retryMs: number;
  /** While buckets move. */
  readonly movingPollMs: number;
  /**
   * A process that could not read the map for this long uses no account's shard. A move waits this long, so that each
   * process confirms it or uses none.
   */
  readonly leaseMs: number;
}

export const mapTimes: MapTimes = { pollMs: 3000, retryMs: 500, movingPollMs: 100, leaseMs: 30_000 };

/** A process that has not confirmed the map for this long uses no shard, or has died. */
export const confirmedMs = ({ leaseMs }: MapTimes): number => leaseMs * 1.5;

const readMsMax = 5000;

export interface FollowerOptions {
  readonly databases: Pick<Databases, "apply" | "cells">;
  readonly log: DatabaseLog;
  readonly times?: MapTimes;
}

/**
 * Applies the stored map of shards, now and after each change, and confirms it while buckets move.
 * @returns ends this
 * @throws HoldfastError failed if a shard with buckets is not configured
 */
export async function followShardMap(options: FollowerOptions): Promise<() => Promise<void>> {
  const follower = new Follower(options);
  await follower.read().catch(async (error: unknown) => {
    await follower.close();
    throw error;
  });
  follower.begin();
  return () => follower.close();
}

class Follower {
  readonly #options: FollowerOptions;
  readonly #times: MapTimes;
  readonly #outage: OutageLog;
  readonly #id = randomBytes(8).toString("hex");
  #database: Database<CellTables>;
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #isMoving = false;
  #isClosed = false;
  #confirmed: { readonly key: string; readonly atMs: number } | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#times = options.times ?? mapTimes;
    this.#database = this.#open();
    this.#outage = new OutageLog(options.log, {
      level: "warn",
      message: "the map of shards cannot be applied",
      over: "the map of shards is applied again",
    });
  }

  begin(inMs?: number): void {
    if (this.#isClosed) return;
    const { pollMs, movingPollMs } = this.#times;
    const delayMs = this.#isMoving ? movingPollMs : pollMs;
    const poll = () => {
      this.#reading = this.#poll();
    };
    this.#timer = setTimeout(poll, inMs ?? delayMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#reading;
    if (this.#confirmed !== undefined) {
      const forgetting = forgetMapReaders(this.#database.db, this.#id).catch(() => {});
      await within(readMsMax, forgetting, () => {});
    }
    await this.#database.close();
  }

  #open(): Database<CellTables> {
    const { connection } = this.#options.databases.cells.of(toBucket(0));
    const applicationName = "holdfast map of shards";
    return openDatabase({ connection, applicationName, schema: "cell", log: this.#options.log, connectionsMax: 1 });
  }

  async #poll(): Promise<void> {
    try {
      await this.read();
      this.#outage.worked();
      this.begin();
    } catch (error) {
      this.#outage.failed({ reason: toHoldfastError(error).message });
      this.begin(this.#times.retryMs);
    }
  }

  async read(): Promise<void> {
    const reading = this.#read();
    await within(readMsMax, reading, () => {
      reading.catch(() => {});
      // A dead network may never report the loss of the connection.
      void this.#database.close().catch(() => {});
      this.#database = this.#open();
      throw new HoldfastError("unavailable", "The database of the first cell does not answer.");
    });
  }

  async #read(): Promise<void> {
    const { db } = this.#database;
    const { leaseMs } = this.#times;
    const trusted = { untilMs: performance.now() + leaseMs, untilWallMs: Date.now() + leaseMs };
    const read = await readShardMap(db);
    // A late answer must not replace a newer one.
    if (db !== this.#database.db) return;
    const { map } = read;
    this.#isMoving = map?.move != null;
    const problem = this.#apply(read, trusted);
    if (map !== undefined && this.#isMoving) await this.#confirm(map.version, problem?.message ?? null);
    if (problem !== undefined) throw problem;
  }

  #apply(read: ReadMap, trusted: Trust): HoldfastError | undefined {
    try {
      this.#options.databases.apply(read, trusted);
      return undefined;
    } catch (error) {
      return toHoldfastError(error);
    }
  }

  /** Again after a third of the lease, because an older confirmation may be that of a killed process. See `confirmedMs`. */
  async #confirm(version: number, problem: string | null): Promise<void> {
    const key = `${version} ${problem}`;
    const isNew = this.#confirmed?.key !== key;
    if (!isNew && performance.now() < (this.#confirmed?.atMs ?? 0) + this.#times.leaseMs / 3) return;
    await confirmMap(this.#database.db, {
      id: this.#id,
      name: `${hostname()} (process ${process.pid})`,
      version,
      problem,
    });
    this.#confirmed = { key, atMs: performance.now() };
  }
}
