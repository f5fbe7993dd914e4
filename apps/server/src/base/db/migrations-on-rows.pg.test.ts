import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import type pg from "pg";
import { plantCrashPoints, planCrash, planNoCrash } from "../../acceptance/fixtures/crash-points.ts";
import { describeSchema } from "../../acceptance/fixtures/describe-schema.ts";
import { type Fixture, readFixtures } from "../../acceptance/fixtures/fixture.ts";
import { type Deed, observeMigration } from "../../acceptance/fixtures/observe-migration.ts";
import { loadRows, migrationSets, pendingOf, readRows } from "../../acceptance/fixtures/rows.ts";
import { openDatabase, openPool } from "./database.ts";
import { migrate, type MigrationSet } from "./migrate.ts";
import { silentLog, startTestDatabase, type TestDatabase } from "./testing.ts";

/** Tables whose rows grow with every file. A migration of all rows under a lock would block everybody. */
const growing: ReadonlySet<string> = new Set([
  "shard.nodes",
  "shard.versions",
  "shard.segments",
  "shard.space_blocks",
  "shard.journal",
  "shard.operations",
  "cell.blocks",
  "cell.holders",
]);
/** `migration: table: deed`, with the reason. */
const mayTakeLong: Readonly<Record<string, string>> = {};

for (const fixture of readFixtures()) describeMigrations(fixture);

function describeMigrations(fixture: Fixture): void {
  describe(`Migrations of the rows of ${fixture.name}`, () => {
    let database: TestDatabase;
    let pool: pg.Pool;
    before(async () => {
      database = await startTestDatabase();
      pool = openTestPool(database);
      await loadRows(database.connection, pool, fixture);
    });
    after(async () => {
      await pool?.end();
      await database?.stop();
    });

    test("released migrations still create the schema of their time", async () => {
      assert.equal(await describeSchema(pool), fixture.schema);
    });

    longTest("no migration rewrites a table with rows, or changes or indexes a growing table as a whole", async () => {
      for (const { set, name } of pendingOf(fixture)) {
        const long = (await deedsOf(database, set, name))
          .filter(
            ({ table, deed }) =>
              deed === "rewrites the table" || (growing.has(table) && deed !== "builds an index of some rows"),
          )
          .map(({ table, deed }) => `${name}: ${table}: ${deed}`)
          .filter((deed) => !Object.hasOwn(mayTakeLong, deed));
        assert.deepEqual(long, [], "Do it some rows at a time in a job, or say in `mayTakeLong` why it may");
        await migrate(database.connection, upTo(set, name), silentLog);
      }
    });

    longTest("an interrupted migration is rolled back, completed by the next start, and loses no row", async () => {
      const cut = await startTestDatabase();
      const cutPool = openTestPool(cut);
      try {
        await loadRows(cut.connection, cutPool, fixture);
        await plantCrashPoints(cutPool);
        for (const { set, name } of pendingOf(fixture)) {
          const points = await cutEverywhere(cut, cutPool, upTo(set, name));
          assert.ok(points > 1, `${name} was cut off nowhere`);
        }
        assertKept(await readRows(cutPool), fixture);
        assert.deepEqual(await describeSchema(cutPool), await schemaOfEmpty());
      } finally {
        await cutPool.end();
        await cut.stop();
      }
    });
  });
}

function upTo(set: MigrationSet, last: string): MigrationSet {
  const migrations = Object.entries(set.migrations).filter(([name]) => name <= last);
  return { ...set, migrations: Object.fromEntries(migrations) };
}

function openTestPool({ connection }: TestDatabase): pg.Pool {
  return openPool({ connection, applicationName: "test", log: silentLog, connectionsMax: 1 });
}

const pointsMax = 1000;

/** Interrupts at each point in turn. @returns number of interruptions */
async function cutEverywhere({ connection }: TestDatabase, pool: pg.Pool, set: MigrationSet): Promise<number> {
  const state = async () => [await describeSchema(pool), ...(await readRows(pool))];
  const untouched = await state();
  for (let point = 1; point <= pointsMax; point += 1) {
    await planCrash(pool, point, "die");
    const applied = await migrate(connection, set, silentLog).catch(() => undefined);
    if (applied !== undefined) {
      await planNoCrash(pool);
      assert.equal(applied.length, 1);
      return point - 1;
    }
    assert.deepEqual(await state(), untouched);
  }
  throw new Error(`A migration has more than ${pointsMax} points.`);
}

class Undo extends Error {}

async function deedsOf(
  { connection }: TestDatabase,
  { schema, migrations }: MigrationSet,
  name: string,
): Promise<readonly Deed[]> {
  const migration = migrations[name];
  assert.ok(migration !== undefined);
  const { db, close } = openDatabase<unknown>({ connection, schema, applicationName: "test", log: silentLog });
  let deeds: readonly Deed[] = [];
  try {
    await db.transaction().execute(async (transaction) => {
      deeds = await observeMigration(transaction, migration);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  } finally {
    await close();
  }
  return deeds;
}

/** New columns and rows are allowed. */
function assertKept(now: ReadonlyMap<string, readonly string[]>, fixture: Fixture): void {
  for (const [table, then] of fixture.rows) {
    if (table.endsWith(".migration")) continue;
    const columns = Object.keys(JSON.parse(then[0] ?? "{}"));
    const rows = new Set((now.get(table) ?? []).map((line) => pick(line, columns)));
    for (const line of then) assert.ok(rows.has(pick(line, columns)), `${table} lacks ${line}`);
  }
}

function pick(line: string, columns: readonly string[]): string {
  const row = JSON.parse(line) as Record<string, unknown>;
  return JSON.stringify(columns.map((column) => row[column]));
}

async function schemaOfEmpty(): Promise<string> {
  const empty = await startTestDatabase();
  const pool = openTestPool(empty);
  try {
    for (const set of migrationSets) await migrate(empty.connection, set, silentLog);
    return await describeSchema(pool);
  } finally {
    await pool.end();
    await empty.stop();
  }
}
