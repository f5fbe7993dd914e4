import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { cellMigrations } from "./cell-migrations/index.ts";
import { openDatabase } from "./database.ts";
import { isMigrated, migrate, type MigrationSet, worksWith } from "./migrate.ts";
import { shardMigrations } from "./shard-migrations/index.ts";
import { silentLog, startTestDatabase } from "./testing.ts";

const { connection, stop } = await startTestDatabase();
after(stop);

const creates = (table: string): Migration => ({
  up: async (db) => {
    await db.schema.createTable(table).addColumn("id", "int8").execute();
  },
});
const older: MigrationSet = { schema: "shard", migrations: { "001-first": creates("first") } };
const newer: MigrationSet = { schema: "shard", migrations: { ...older.migrations, "002-second": creates("second") } };

async function areMigrated(sets: readonly MigrationSet[]): Promise<boolean[]> {
  const { db, close } = openDatabase<unknown>({ connection, applicationName: "test", log: silentLog });
  const are = await Promise.all(sets.map((set) => isMigrated(db, set)));
  await close();
  return are;
}

async function tables(): Promise<string[]> {
  const { db, close } = openDatabase<unknown>({ connection, applicationName: "test", log: silentLog });
  const { rows } = await sql<{ name: string }>`
    select table_schema || '.' || table_name as name from information_schema.tables
    where table_schema in ('shard', 'cell', 'public') and table_name not like 'migration%' order by name`.execute(db);
  await close();
  return rows.map((row) => row.name);
}

test("migrations are applied once, in order, to their own schema, even by several servers at once", async () => {
  const applied = await Promise.all([1, 2, 3].map(() => migrate(connection, older, silentLog)));
  assert.deepEqual(applied.flat(), ["001-first"]);
  assert.deepEqual(await areMigrated([older, newer]), [true, false]);
  assert.deepEqual(await migrate(connection, newer, silentLog), ["002-second"]);
  assert.deepEqual(await areMigrated([newer]), [true]);
  assert.deepEqual(await migrate(connection, newer, silentLog), []);
  const cell: MigrationSet = { schema: "cell", migrations: { "001-first": creates("first") } };
  assert.deepEqual(await migrate(connection, cell, silentLog), ["001-first"]);
  assert.deepEqual(await tables(), ["cell.first", "shard.first", "shard.second"]);
});

test("a schema of a newer server is rejected and left unchanged", async () => {
  await assert.rejects(
    migrate(connection, older, silentLog),
    (error) =>
      error instanceof HoldfastError && error.code === "failed" && /newer Holdfast.*002-second/s.test(error.message),
  );
  assert.deepEqual(await tables(), ["cell.first", "shard.first", "shard.second"]);
});

test("a failed migration is rolled back with those before it, named, and retried at the next start", async () => {
  const fails: Migration = { up: async (db) => void (await sql`select 1/0`.execute(db)) };
  const broken: MigrationSet = {
    schema: "shard",
    migrations: { ...newer.migrations, "003-third": creates("third"), "004-fails": fails },
  };
  for (let start = 0; start < 2; start++) {
    await assert.rejects(
      migrate(connection, broken, silentLog),
      (error) => error instanceof HoldfastError && /004-fails.*division by zero/s.test(error.message),
    );
    assert.deepEqual(await tables(), ["cell.first", "shard.first", "shard.second"]);
  }
});

test("a version works with the schema of a newer one, unless a migration is breaking or one of its own is missing", async () => {
  assert.deepEqual(await areMigrated([older, newer]), [true, true]);
  const applied = ["001-first", "002-second"];
  assert.deepEqual([worksWith(applied, older), worksWith(applied.slice(0, 1), newer)], [true, false]);
  assert.equal(worksWith([...applied, "003-second-breaking"], newer), false);
  const other: MigrationSet = { schema: "shard", migrations: { ...older.migrations, "0015-other": creates("other") } };
  await assert.rejects(areMigrated([other]), /newer Holdfast.* has 002-second/s);
  const drops: Migration = { up: (db) => db.schema.dropTable("third").execute() };
  const added: MigrationSet = { schema: "shard", migrations: { ...newer.migrations, "003-third": creates("third") } };
  await migrate(connection, added, silentLog);
  const removed: MigrationSet = { ...added, migrations: { ...added.migrations, "004-third-breaking": drops } };
  await migrate(connection, removed, silentLog);
  await assert.rejects(areMigrated([newer]), /newer Holdfast.* has 004-third-breaking/s);
  assert.deepEqual(await areMigrated([removed]), [true]);
});

test("while a migration waits for a table that a transaction uses, others read it", async () => {
  const { db, close } = openDatabase<unknown>({ connection, schema: "shard", applicationName: "test", log: silentLog });
  const held = Promise.withResolvers<void>();
  const used = Promise.withResolvers<void>();
  const using = db.transaction().execute(async (transaction) => {
    await sql`select from first`.execute(transaction);
    used.resolve();
    await held.promise;
  });
  await used.promise;
  const changes: Migration = {
    up: (schema) => schema.schema.alterTable("first").addColumn("note", "text").execute(),
  };
  const latest: MigrationSet = {
    schema: "shard",
    migrations: {
      ...newer.migrations,
      "003-third": creates("third"),
      "004-third-breaking": changes,
      "005-note": changes,
    },
  };
  const waits: string[] = [];
  const log = { ...silentLog, warn: (_: object, message: string) => void waits.push(message) };
  const times = { lockMs: 50, retry: { firstMs: 10, maxMs: 10 } };
  const migrating = migrate(connection, latest, log, times);
  for (let reads = 0; reads < 3 || waits.length < 2; reads += 1) await sql`select from first`.execute(db);
  held.resolve();
  await using;
  assert.deepEqual(await migrating, ["005-note"]);
  assert.match(waits[0] ?? "", /waits until another connection/);
  await close();
});

test("the released migrations apply to an empty database", async (t) => {
  const empty = await startTestDatabase();
  t.after(() => empty.stop());
  for (const set of [shardMigrations, cellMigrations]) {
    const names = Object.keys(set.migrations);
    assert.deepEqual(names, names.toSorted(), "the list is in the order of the names");
    assert.deepEqual(await migrate(empty.connection, set, silentLog), names);
  }
});
