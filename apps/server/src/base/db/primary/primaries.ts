import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "../database.ts";
import { databaseName } from "../database-name.ts";
import type { DatabaseLog } from "../database-log.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import { Primary } from "./primary.ts";
import { temporaryTimelines, type Timelines } from "./timelines.ts";

export interface PrimariesOptions {
  readonly silentMsMax?: number;
  /** See `PrimaryOptions`. */
  readonly standbyReadsMsMax?: number;
}

/** Primaries of external databases. Users of the same URL share one. */
export class Primaries {
  readonly #log: DatabaseLog;
  readonly #timelines: Timelines;
  readonly #options: Required<PrimariesOptions>;
  readonly #connections = new Map<string, Connection>();

  constructor(log: DatabaseLog, timelines: Timelines = temporaryTimelines(), options: PrimariesOptions = {}) {
    this.#log = log;
    this.#timelines = timelines;
    this.#options = { silentMsMax: 15_000, standbyReadsMsMax: 0, ...options };
  }

  /** @throws HoldfastError failed if the URL cannot be used */
  of(databaseUrl: string): Connection {
    const known = this.#connections.get(databaseUrl);
    if (known !== undefined) return known;
    const connection = this.#open(databaseUrl);
    this.#connections.set(databaseUrl, connection);
    return connection;
  }

  #open(databaseUrl: string): Connection {
    try {
      const { url, hosts } = parseDatabaseUrl(databaseUrl);
      const config = { connectionString: url };
      const name = databaseName(config, hosts);
      const ports = { log: this.#log, timelines: this.#timelines, ...this.#options };
      return { ...config, primary: new Primary({ config, hosts, name, ...ports }) };
    } catch (error) {
      const message = `A database URL cannot be used: ${(error as Error).message}`;
      throw new HoldfastError("failed", message, { cause: error });
    }
  }

  /** A standby of at least one database answers reads. */
  get isReadOnly(): boolean {
    return [...this.#connections.values()].some(({ primary }) => primary?.isReadOnly === true);
  }

  /** After all connections of others were closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map(async ({ primary }) => primary?.close()));
  }
}
