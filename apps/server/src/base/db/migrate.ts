import { setTimeout as delay } from "node:timers/promises";
import { type BackoffLimits, backoffMs } from "@holdfast/core/backoff";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { type Kysely, type QueryExecutorProvider, sql } from "kysely";
import type { Migration } from "kysely/migration";
import { type Connection, type DatabaseOptions, openDatabase } from "./database.ts";
import { codeOf } from "./database-error.ts";
import type { DatabaseLog } from "./database-log.ts";

export interface MigrationSet {
  /** The migrations change and are recorded in this schema. */
  readonly schema: "shard" | "cell";
  /** Applied in the order of names (`001-nouns`, or `001-nouns-breaking`). */
  readonly migrations: Readonly<Record<string, Migration>>;
}

/**
 * End of the name of a migration after which earlier versions cannot work, such as the removal of a column. They work
 * after all others: servers of two versions share the databases during a rolling upgrade.
 */
export const isBreaking = (name: string): boolean => name.endsWith("-breaking");

/** Loads a migration when it is applied: a start with migrated databases needs only the names. */
export function later(load: () => Promise<Pick<Migration, "up">>): Migration {
  return { up: async (db) => (await load()).up(db) };
}

/**
 * Runs in one transaction under an advisory lock: of several starting servers, one migrates.
 * @returns names of the migrations applied now
 * @throws HoldfastError failed if a newer Holdfast has migrated the database, also if this one can work with it
 */
export function migrate(
  connection: Connection,
  set: MigrationSet,
  log: DatabaseLog,
  times: MigrationTimes = migrationTimes,
): Promise<readonly string[]> {
  // While a statement waits for a table that others read, their next reads of it wait behind the statement.
  const settings = { lock_timeout: String(times.lockMs) };
  return withSchema({ connection, set, log, settings }, async (db) => {
    for (let failures = 1; ; failures += 1) {
      // Otherwise PostgreSQL finishes a long statement of a killed process, with its locks. Windows does not have this.
      await sql`select set_config('client_connection_check_interval', '2000', false)`.execute(db).catch(() => {});
      const migrated = await migrateWith(db, set);
      if (migrated !== "locked") return migrated;
      log.warn(
        { [set.schema]: connection.database },
        "a migration waits until another connection ends its transaction",
      );
      await delay(backoffMs(times.retry, failures));
    }
  });
}

export interface MigrationTimes {
  /** Time for which others may wait behind a migration that waits for a lock. Then it is rolled back and retried. */
  readonly lockMs: number;
  readonly retry: BackoffLimits;
}

const migrationTimes: MigrationTimes = { lockMs: 2000, retry: { firstMs: 1000, maxMs: 15_000 } };

/** Names in order; empty without a schema. */
export function readApplied(connection: Connection, set: MigrationSet, log: DatabaseLog): Promise<readonly string[]> {
  return withSchema({ connection, set, log }, (db) => appliedTo(db, set));
}

/** Names of missing migrations in order. @throws HoldfastError failed if this version cannot work with the database */
export async function missingMigrations(db: QueryExecutorProvider, set: MigrationSet): Promise<readonly string[]> {
  const applied = await appliedTo(db, set);
  const missing = missingOf(applied, set);
  // Nothing can be inserted before migrations of a newer version.
  refuseUnknown(missing.length > 0 ? applied : applied.filter(isBreaking), set);
  return missing;
}

/** @throws HoldfastError failed if this version cannot work with the database */
export async function isMigrated(db: QueryExecutorProvider, set: MigrationSet): Promise<boolean> {
  return (await missingMigrations(db, set)).length === 0;
}

function missingOf(applied: readonly string[], { migrations }: MigrationSet): readonly string[] {
  return Object.keys(migrations).filter((name) => !applied.includes(name));
}

/** True if a server of this version can use the database as it is. */
export function worksWith(applied: readonly string[], set: MigrationSet): boolean {
  const unknown = applied.filter((name) => !Object.hasOwn(set.migrations, name));
  return missingOf(applied, set).length === 0 && !unknown.some(isBreaking);
}

interface Migrated extends Pick<DatabaseOptions, "connection" | "log" | "settings"> {
  readonly set: MigrationSet;
}

async function withSchema<Result>(
  { set: { schema }, ...options }: Migrated,
  work: (db: Kysely<unknown>) => Promise<Result>,
): Promise<Result> {
  const { db, close } = openDatabase<unknown>({
    ...options,
    schema,
    applicationName: `holdfast migration ${schema}`,
    connectionsMax: 1,
    // Migrations of large tables, and waits for other servers' migrations, have no time limit.
    statementTimeoutMs: 0,
  });
  try {
    return await work(db);
  } finally {
    await close();
  }
}

/** @returns names of the migrations applied now */
async function migrateWith(db: Kysely<unknown>, set: MigrationSet): Promise<readonly string[] | "locked"> {
  refuseUnknown(await appliedTo(db, set), set);
  const { Migrator } = await import("kysely/migration");
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...set.migrations }) },
    migrationTableSchema: set.schema,
    migrationTableName,
    migrationLockTableName: "migration_lock",
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error === undefined) return results.map((result) => result.migrationName);
  // A newer server may have migrated during the wait for the lock.
  if (await isMigrated(db, set)) return [];
  if (lockedStates.has(codeOf(error instanceof HoldfastError ? error.cause : error) ?? "")) return "locked";
  if (error instanceof HoldfastError) throw error;
  const name = results.find((result) => result.status === "Error")?.migrationName;
  throw new HoldfastError(
    "failed",
    `The migration${name === undefined ? "" : ` ${name}`} of the schema "${set.schema}" failed; nothing was changed: ` +
      toHoldfastError(error).message,
    { cause: error },
  );
}

const migrationTableName = "migration";
/** lock_not_available, deadlock_detected: running servers use several tables in a transaction. */
const lockedStates: ReadonlySet<string> = new Set(["55P03", "40P01"]);

async function appliedTo(db: QueryExecutorProvider, set: MigrationSet): Promise<readonly string[]> {
  const table = `${set.schema}.${migrationTableName}`;
  const { rows: found } = await sql<{ exists: boolean }>`select to_regclass(${table}) is not null as exists`.execute(
    db,
  );
  if (found[0]?.exists !== true) return [];
  const { rows: applied } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(db);
  return applied.map((row) => row.name);
}

/** @throws HoldfastError failed if this version lacks one of the applied migrations */
export function refuseUnknown(applied: readonly string[], set: MigrationSet): void {
  const unknown = applied.filter((name) => !Object.hasOwn(set.migrations, name));
  if (unknown.length === 0) return;
  throw new HoldfastError(
    "failed",
    `The database was last used by a newer Holdfast: its schema "${set.schema}" has ${unknown.join(", ")}, which this ` +
      "version does not support. Nothing was changed. Start the newer version, or restore a backup made with this one.",
  );
}
