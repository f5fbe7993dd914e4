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

  /** @throws Error if the URL cannot be used */
  of(databaseUrl: string): Connection {
    const known = this.#connections.get(databaseUrl);
    if (known !== undefined) return known;
    const { url, hosts } = parseDatabaseUrl(databaseUrl);
    const config = { connectionString: url };
    const name = databaseName(config, hosts);
    const primary = new Primary({ config, hosts, name, log: this.#log, timelines: this.#timelines });
    const connection = { ...config, primary };
    this.#connections.set(databaseUrl, connection);
    return connection;
  }

  /** After all connections of others were closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#connections.values()].map(async ({ primary }) => primary?.close()));
  }
}
