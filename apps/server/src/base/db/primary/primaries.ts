import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "../database.ts";
import { databaseName } from "../database-name.ts";
import type { DatabaseLog } from "../database-log.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import { Primary } from "./primary.ts";
import { temporaryTimelines, type Timelines } from "./timelines.ts";

/** Primaries of external databases. Users of the same URL share one. */
export class Primaries {
  readonly #log: DatabaseLog;
  readonly #timelines: Timelines;
  readonly #connections = new Map<string, Connection>();

  constructor(log: DatabaseLog, timelines: Timelines = temporaryTimelines()) {
    this.#log = log;
    this.#timelines = timelines;
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
      return { ...config, primary: new Primary({ config, hosts, name, log: this.#log, timelines: this.#timelines }) };
    } catch (error) {
      const message = `A database URL cannot be used: ${(error as Error).message}`;
      throw new HoldfastError("failed", message, { cause: error });
    }
  }

  /** After all connections of others were closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map(async ({ primary }) => primary?.close()));
  }
}
