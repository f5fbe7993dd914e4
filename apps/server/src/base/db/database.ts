import { hash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { backoffMs } from "@holdfast/core/backoff";
import { HoldfastError } from "@holdfast/core/errors";
import { type IsolationLevel, Kysely, PostgresDialect, type PostgresPool, sql, type Transaction } from "kysely";
import pg from "pg";
import { codeOf, isSerializationFailure, toDatabaseError } from "./database-error.ts";
import type { DatabaseLog } from "./database-log.ts";
import { columnTypes } from "./column-types.ts";
import type { Primary } from "./primary/primary.ts";

/**
 * Planned once per connection, because planning takes longer than a look-up. Only for a constant text with named
 * columns, whose best plan does not depend on the values.
 */
export const keyedMark = "/* by keys alone */";
export const keyed = sql.raw(keyedMark);

export interface Connection extends Readonly<
  Pick<pg.ClientConfig, "connectionString" | "host" | "port" | "user" | "password" | "database" | "ssl">
> {
  /** External databases only. */
  readonly primary?: Primary;
}

export interface DatabaseOptions {
  readonly connection: Connection;
  readonly applicationName: string;
  readonly schema?: string;
  readonly log: DatabaseLog;
  readonly connectionsMax?: number;
  /** Maximum wait for a connection, before a request fails with `unavailable`. */
  readonly connectTimeoutMs?: number;
  /** Safety limit. A statement that may take longer sets its own. */
  readonly statementTimeoutMs?: number;
  /** PostgreSQL rejects every change. */
  readonly readOnly?: boolean;
  /** Further settings of each session, with a schema. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Queries that change nothing. Raw SQL is not checked by the compiler, but PostgreSQL rejects changes by `reads`. */
export type ReadOnly<Tables> = Pick<Kysely<Tables>, "selectFrom" | "getExecutor">;

export interface Database<Tables> {
  readonly db: Kysely<Tables>;
  /** For direct use of `pg`. Its errors are not translated. */
  readonly pool: pg.Pool;
  readonly conflicts: () => number;
  /** Resolves when every connection is closed, so that the database can be stopped. */
  readonly close: () => Promise<void>;
}

/**
 * Opens no connection yet. Failures of the database are HoldfastErrors; those of a statement are `pg.DatabaseError`
 * with its SQLSTATE (`code`).
 */
export function openDatabase<Tables>(options: DatabaseOptions): Database<Tables> {
  const pool = openPool(options);
  const goodbyes = watchGoodbyes(pool);
  let conflicts = 0;
  const onConflict = (error: Error) => {
    conflicts += 1;
    options.log.warn({ reason: error.message, code: codeOf(error) }, "a transaction was aborted because of a conflict");
  };
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({
      pool: translatingPool(pool, onConflict, () => options.connection.primary?.isReadOnly === true),
    }),
  });
  const close = async () => {
    await db.destroy();
    // Kysely does not end a pool that it has not used.
    if (!pool.ending) await pool.end();
    await goodbyes();
  };
  return { db, pool, conflicts: () => conflicts, close };
}

/** A database behind a dead network does not respond. */
const goodbyeMsMax = 5000;

/** `pool.end` only starts closing. */
function watchGoodbyes(pool: pg.Pool): () => Promise<void> {
  const goodbyes = new Set<Promise<void>>();
  pool.on("connect", (client) => {
    const goodbye = new Promise<void>((resolve) => client.once("end", () => resolve()));
    void goodbye.finally(() => goodbyes.delete(goodbye));
    goodbyes.add(goodbye);
  });
  return async () => {
    await Promise.race([Promise.all(goodbyes), delay(goodbyeMsMax, undefined, { ref: false })]);
  };
}

export function openPool(options: DatabaseOptions): pg.Pool {
  const { primary, ...connection } = options.connection;
  const pool = new pg.Pool({
    ...connection,
    ...(primary === undefined ? {} : { Client: primary.Client }),
    ...(options.schema === undefined ? {} : { options: sessionOptions(options.schema, options) }),
    application_name: options.applicationName,
    types: columnTypes,
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // Without a listener on the client, a connection that breaks between two statements would end the process. The next
  // statement fails with `unavailable`.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", (error) => {
    // A stopping database may close the connection first.
    if (!pool.ending) options.log.warn({ reason: error.message }, "an idle database connection was lost");
  });
  return pool;
}

function sessionOptions(
  schema: string,
  { readOnly, settings }: Pick<DatabaseOptions, "readOnly" | "settings">,
): string {
  const access = readOnly === true ? { default_transaction_read_only: "on" } : {};
  const all = { search_path: `${schema},public`, bytea_output: "hex", ...access, ...settings };
  return Object.entries(all)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(" ");
}

export interface TransactionOptions {
  readonly isolationLevel?: IsolationLevel;
  readonly attemptsMax?: number;
  /** 0 to 1, for jitter between attempts. */
  readonly random?: () => number;
}

const conflictBackoff = { firstMs: 20, maxMs: 1000 };

/**
 * One transaction: commits when `work` resolves, and rolls back when it throws. After a deadlock (40P01) or
 * serialization failure (40001) `work` runs again, so it must only change the database. If the connection breaks during
 * COMMIT, the outcome is unknown and `unavailable` is thrown. Callers that retry need an operation id.
 */
export async function inTransaction<Tables, Result>(
  db: Kysely<Tables>,
  work: (transaction: Transaction<Tables>) => Promise<Result>,
  options: TransactionOptions = {},
): Promise<Result> {
  const { isolationLevel = "read committed", attemptsMax = 5, random = Math.random } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().setIsolationLevel(isolationLevel).execute(work);
    } catch (error) {
      if (!isSerializationFailure(error)) throw error;
      if (attempt >= attemptsMax) {
        throw new HoldfastError("unavailable", "The database was too busy with conflicting changes. Try again.", {
          cause: error,
          retryAfterSeconds: 1,
        });
      }
      const delayMs = random() * backoffMs(conflictBackoff, attempt);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Translates errors, and closes connections released inside a transaction. */
export function translatingPool(
  pool: pg.Pool,
  onConflict: (error: Error) => void,
  isReadOnly = () => false,
): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, TranslatingClient>();
  const translating = {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw toDatabaseError(error);
      });
      const known = clients.get(client);
      if (known !== undefined) return known;
      const made = new TranslatingClient(client, onConflict, isReadOnly);
      clients.set(client, made);
      return made;
    },
    end: () => pool.end(),
  };
  // Kysely's type also has queries by cursor, which are only used for streaming and need a `cursor` option that is not
  // set.
  return translating as unknown as PostgresPool;
}

export class TranslatingClient {
  readonly #client: pg.PoolClient;
  readonly #onConflict: (error: Error) => void;
  readonly #isReadOnly: () => boolean;

  constructor(client: pg.PoolClient, onConflict: (error: Error) => void, isReadOnly = () => false) {
    this.#client = client;
    this.#onConflict = onConflict;
    this.#isReadOnly = isReadOnly;
  }

  async query(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.#client.query({ text, values: [...parameters], ...planNameOf(text) });
    } catch (error) {
      if (isSerializationFailure(error)) this.#onConflict(error as Error);
      throw toDatabaseError(error, this.#isReadOnly());
    }
  }

  release(destroy?: boolean): void {
    const status = this.#client.getTransactionStatus();
    this.#client.release(destroy === true || status !== "I");
  }
}

/** Few, because the texts are in the code. */
const planNames = new Map<string, { readonly name: string }>();

/** A name must always mean the same text. */
function planNameOf(text: string): { readonly name?: string } {
  if (!text.endsWith(keyedMark)) return {};
  const known = planNames.get(text);
  if (known !== undefined) return known;
  const named = { name: `keyed ${hash("sha256", text).slice(0, 16)}` };
  planNames.set(text, named);
  return named;
}
