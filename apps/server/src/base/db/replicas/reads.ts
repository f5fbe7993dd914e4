import { setTimeout } from "node:timers/promises";
import { Kysely, PostgresDialect, type PostgresPool } from "kysely";
import type pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { within } from "../../within.ts";
import {
  type DatabaseOptions,
  openDatabase,
  openPool,
  type ReadOnly,
  TranslatingClient,
  translatingPool,
} from "../database.ts";
import { isSerializationFailure } from "../database-error.ts";
import { type LogEnd, readLogEnd, SharedQuery } from "./log-position.ts";
import { Replica, type ReplicaState, type ReplicaTimes } from "./replica.ts";

/** Statements by the server that ran them, and queries of the primary for the end of its log. */
export interface ReadCounts {
  readonly primary: number;
  readonly replica: number;
  readonly logEnd: number;
}

export const replicaTimes: ReplicaTimes = {
  replayWaitsMs: [1, 2, 4, 8],
  checkTimeoutMs: 500,
  statementTimeoutMs: 5000,
  rememberedMs: 1000,
  restBehind: { firstMs: 100, maxMs: 1000 },
  restFailed: { firstMs: 100, maxMs: 10_000 },
  sleep: (delayMs) => setTimeout(delayMs),
  nowMs: () => performance.now(),
};

export interface ReadsOptions extends DatabaseOptions {
  readonly replicaUrls: readonly string[];
  readonly times: ReplicaTimes;
}

export interface Reads<Tables> {
  readonly db: ReadOnly<Tables>;
  readonly primary: ReadOnly<Tables>;
  readonly counts: () => ReadCounts;
  readonly replicas: () => Promise<ReplicaState[]>;
  readonly close: () => Promise<void>;
}

const closeMsMax = 5000;

/**
 * Runs each statement on a replica that has replayed everything that the primary had committed when the statement
 * began. If there is none, or the statement fails there, it runs on the primary.
 * @throws HoldfastError failed if a URL cannot be used
 */
export function openReads<Tables>({ replicaUrls, times, ...options }: ReadsOptions): Reads<Tables> {
  const primary = openDatabase<Tables>({ ...options, readOnly: true });
  // Apart from statements, which may take long.
  const endPool = openPool({ ...options, readOnly: true, connectionsMax: 1, connectTimeoutMs: 1000 });
  const counts = { primary: 0, replica: 0, logEnd: 0 };
  const end = new SharedQuery(() => {
    counts.logEnd += 1;
    return readEnd(endPool, times);
  });
  const replicas = replicaUrls.map((url) => new Replica(url, options, times, () => end.run()));
  const pool = new ReadPool({ primary: primary.pool, replicas, end, counts, times });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as PostgresPool }) });
  const closers = [() => primary.close(), () => endPool.end(), ...replicas.map((replica) => () => replica.close())];
  return {
    db,
    primary: primary.db,
    counts: () => ({ ...counts }),
    replicas: () => pool.states(),
    close: async () => {
      await db.destroy();
      await within(closeMsMax, Promise.all(closers.map((closeOne) => closeOne())), () => {});
    },
  };
}

/** A connection to a lost primary may not fail for minutes. */
async function readEnd(pool: pg.Pool, { checkTimeoutMs }: ReplicaTimes): Promise<LogEnd> {
  const client = await pool.connect();
  let isOver = false;
  try {
    const end = await within(checkTimeoutMs, readLogEnd(client), () => {
      throw new HoldfastError("unavailable", "The primary does not answer.");
    });
    isOver = true;
    return end;
  } finally {
    client.release(!isOver);
  }
}

type Client = Pick<TranslatingClient, "query" | "release">;

interface ReadPoolParts {
  readonly primary: pg.Pool;
  readonly replicas: readonly Replica[];
  readonly end: SharedQuery<LogEnd>;
  readonly counts: { -readonly [Server in keyof ReadCounts]: number };
  readonly times: ReplicaTimes;
}

class ReadPool {
  readonly #primary: PostgresPool;
  readonly #replicas: readonly Replica[];
  readonly #times: ReplicaTimes;
  readonly #end: SharedQuery<LogEnd>;
  readonly #counts: ReadPoolParts["counts"];
  readonly options: object;
  #turn = 0;

  constructor({ primary, replicas, end, counts, times }: ReadPoolParts) {
    this.#primary = translatingPool(primary, () => {});
    this.#replicas = replicas;
    this.#times = times;
    this.#end = end;
    this.#counts = counts;
    this.options = primary.options;
  }

  async connect(): Promise<Client> {
    return (await this.#connectReplica()) ?? this.#connectPrimary();
  }

  async end(): Promise<void> {}

  async states(): Promise<ReplicaState[]> {
    const end = await this.#end.run().catch(() => undefined);
    return Promise.all(this.#replicas.map((replica) => replica.state(end)));
  }

  async #connectReplica(): Promise<Client | undefined> {
    if (!this.#replicas.some(({ isAvailable }) => isAvailable)) return undefined;
    const end = await this.#end.run().catch(() => undefined);
    const replica = this.#choose();
    if (end === undefined || end.isWaiting || replica === undefined) return undefined;
    const client = await replica.connect(end);
    return client === undefined ? undefined : this.#withFallback(replica, client);
  }

  /** In turn. */
  #choose(): Replica | undefined {
    const available = this.#replicas.filter(({ isAvailable }) => isAvailable);
    this.#turn += 1;
    return available[this.#turn % available.length];
  }

  async #connectPrimary(): Promise<Client> {
    const client = (await this.#primary.connect()) as unknown as Client;
    return {
      query: (text, parameters) => {
        this.#counts.primary += 1;
        return client.query(text, parameters);
      },
      release: (destroy) => client.release(destroy),
    };
  }

  /** A read has no effects, so it can be repeated after any error. */
  #withFallback(replica: Replica, replicaClient: pg.PoolClient): Client {
    const onReplica = new TranslatingClient(replicaClient, () => {});
    let client: Client | undefined = onReplica;
    return {
      query: async (text, parameters) => {
        try {
          const { statementTimeoutMs } = this.#times;
          const result = await within(statementTimeoutMs, onReplica.query(text, parameters), () => {
            throw new HoldfastError("unavailable", "It does not answer a statement.");
          });
          this.#counts.replica += 1;
          return result;
        } catch (error) {
          client?.release(true);
          client = undefined;
          client = await this.#connectPrimary();
          const result = await client.query(text, parameters);
          // Replay cancels a statement whose rows it removes; the replica works.
          if (!isSerializationFailure(error)) replica.failed(error);
          return result;
        }
      },
      release: (destroy) => client?.release(destroy),
    };
  }
}
