import { hash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { type IsolationLevel, Kysely, PostgresDialect, type PostgresPool, sql, type Transaction } from "kysely";
import pg from "pg";
import { codeOf, isSerializationFailure, toDatabaseError } from "./database-error.ts";
import type { DatabaseLog } from "./database-log.ts";
import { columnTypes } from "./column-types.ts";

/**
 * Ends a statement that looks everything up by keys, whatever is asked for: it is planned once for each connection and not each time, which
 * takes longer than the look. Only where the text is always the same, names its columns, and no plan could be better for some values than for others.
 */
export const keyedMark = "/* by keys alone */";
export const keyed = sql.raw(keyedMark);

/** Where a database is and who we are to it: what `pg` takes, a `connectionString` or the single parts. */
export type Connection = Readonly<
  Pick<pg.ClientConfig, "connectionString" | "host" | "port" | "user" | "password" | "database" | "ssl">
>;

export interface DatabaseOptions {
  readonly connection: Connection;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** The search path of every connection, so that no statement names its schema. */
  readonly schema?: string;
  readonly log: DatabaseLog;
  readonly connectionsMax?: number;
  /** How long a request waits for a free connection, or for a new one, before it fails as `unavailable`. */
  readonly connectTimeoutMs?: number;
  /** A net below all statements, not a tool: a statement that may take longer sets its own. */
  readonly statementTimeoutMs?: number;
}

export interface Database<Tables> {
  readonly db: Kysely<Tables>;
  /** The pool below `db`, for what speaks `pg` itself. Its errors are not translated. */
  readonly pool: pg.Pool;
  /** How many transactions the database has chosen as victims of a deadlock or a serialization conflict; they were tried again. */
  readonly conflicts: () => number;
  /** Resolves when the database has let go of every connection, so that it may be stopped next. */
  readonly close: () => Promise<void>;
}

/** Opens no connection yet. Every failure of a statement is a HoldfastError where the database as a whole is the cause,
 * and a `pg.DatabaseError` with its SQLSTATE (`code`) where the statement is. */
export function openDatabase<Tables>(options: DatabaseOptions): Database<Tables> {
  const pool = openPool(options);
  const goodbyes = watchGoodbyes(pool);
  let conflicts = 0;
  const onConflict = (error: Error) => {
    conflicts += 1;
    options.log.warn({ reason: error.message, code: codeOf(error) }, "a transaction was aborted because of a conflict");
  };
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: translatingPool(pool, onConflict) }) });
  const close = async () => {
    await db.destroy();
    // Kysely ends no pool that it has not used itself.
    if (!pool.ending) await pool.end();
    await goodbyes();
  };
  return { db, pool, conflicts: () => conflicts, close };
}

/** A database on the other side of a dead network says nothing any more. */
const goodbyeMsMax = 5000;

/** @returns what resolves when the database has closed every connection; `pool.end` does so once the goodbyes are begun */
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

/** A plain pool with our column types and limits. */
export function openPool(options: DatabaseOptions): pg.Pool {
  const pool = new pg.Pool({
    ...options.connection,
    ...(options.schema === undefined ? {} : { options: `-c search_path=${options.schema},public -c bytea_output=hex` }),
    application_name: options.applicationName,
    types: columnTypes,
    max: options.connectionsMax ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    idleTimeoutMillis: 60_000,
    keepAlive: true,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  // A connection that dies between two statements tells it by an event that nobody else hears: without a listener on
  // the client itself it would end the process. The next statement on it fails and is answered as `unavailable`.
  pool.on("connect", (client) => client.on("error", () => {}));
  pool.on("error", (error) => {
    // A pool that ends says goodbye without waiting; a database that stops next may be quicker than its goodbye.
    if (!pool.ending) options.log.warn({ reason: error.message }, "an idle database connection was lost");
  });
  return pool;
}

export interface TransactionOptions {
  readonly isolationLevel?: IsolationLevel;
  /** Attempts in all when the database chose this transaction as the victim of a deadlock or a serialization conflict. */
  readonly attemptsMax?: number;
  /** 0 to 1, for the jitter between attempts. */
  readonly random?: () => number;
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws. `work` runs again from its
 * beginning after a deadlock (40P01) or a serialization failure (40001), so it must not change anything but the
 * database. A connection lost during COMMIT leaves the outcome unknown and is `unavailable`: callers that may be
 * repeated carry an operation id.
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
      const delayMs = random() * 10 * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Kysely's view of the pool, with every error translated and no connection kept that is still inside a transaction. */
function translatingPool(pool: pg.Pool, onConflict: (error: Error) => void): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, TranslatingClient>();
  const translating = {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch((error: unknown) => {
        throw toDatabaseError(error);
      });
      const known = clients.get(client);
      if (known !== undefined) return known;
      const made = new TranslatingClient(client, onConflict);
      clients.set(client, made);
      return made;
    },
    end: () => pool.end(),
  };
  // Kysely's type also has the query by cursor, which only streaming uses and which needs a `cursor` that we do not give.
  return translating as unknown as PostgresPool;
}

class TranslatingClient {
  readonly #client: pg.PoolClient;
  readonly #onConflict: (error: Error) => void;

  constructor(client: pg.PoolClient, onConflict: (error: Error) => void) {
    this.#client = client;
    this.#onConflict = onConflict;
  }

  async query(text: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.#client.query({ text, values: [...parameters], ...planNameOf(text) });
    } catch (error) {
      if (isSerializationFailure(error)) this.#onConflict(error as Error);
      throw toDatabaseError(error);
    }
  }

  release(destroy?: boolean): void {
    const status = this.#client.getTransactionStatus();
    this.#client.release(destroy === true || status !== "I");
  }
}

/** The texts are in the code, so there are few. */
const planNames = new Map<string, { readonly name: string }>();

/** By its content, since a name stands for one text. Empty for a statement that is planned each time. */
function planNameOf(text: string): { readonly name?: string } {
  if (!text.endsWith(keyedMark)) return {};
  const known = planNames.get(text);
  if (known !== undefined) return known;
  const named = { name: `keyed ${hash("sha256", text).slice(0, 16)}` };
  planNames.set(text, named);
  return named;
}
