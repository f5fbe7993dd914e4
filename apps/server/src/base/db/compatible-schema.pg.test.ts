import assert from "node:assert/strict";
import { after, test } from "node:test";
import { breakingDifferences } from "../../acceptance/fixtures/compare-schemas.ts";
import { describeSchema } from "../../acceptance/fixtures/describe-schema.ts";
import { newestFixture } from "../../acceptance/fixtures/fixture.ts";
import { migrationSets, pendingOf } from "../../acceptance/fixtures/rows.ts";
import { openPool } from "./database.ts";
import { isBreaking, migrate } from "./migrate.ts";
import { silentLog, startTestDatabase } from "./testing.ts";

const { connection, stop } = await startTestDatabase();
const pool = openPool({ connection, applicationName: "test", log: silentLog, connectionsMax: 1 });
after(async () => {
  await pool.end();
  await stop();
});

test("servers of the last release work with the schema of this version, unless a migration is called breaking", async () => {
  for (const set of migrationSets) await migrate(connection, set, silentLog);
  const fixture = newestFixture();
  const isAnnounced = pendingOf(fixture).some(({ name }) => isBreaking(name));
  const found = breakingDifferences(fixture.schema, await describeSchema(pool));
  assert.deepEqual(isAnnounced ? [] : found, [], "Add instead of changing, or end the migration's name with -breaking");
});

test("a change that an earlier server cannot work with is found", async () => {
  const before = await describeSchema(pool);
  const found = async (...statements: readonly string[]) => {
    await pool.query(`begin; ${statements.join("; ")}`);
    const lines = breakingDifferences(before, await describeSchema(pool));
    await pool.query("rollback");
    return lines;
  };
  const add = "alter table shard.nodes add column added";
  assert.deepEqual(await found(`${add} text`, "create table shard.added (id uuid not null unique)"), []);
  assert.deepEqual(await found(`${add} int not null default 1`, "create index on shard.nodes (added)"), []);
  assert.deepEqual(await found(`${add} text not null`), ["new: shard.nodes column added text not null"]);
  const refers = "create table shard.added (id uuid references shard.groups (id)";
  assert.match((await found(`${refers})`)).join(), /new: shard\.added constraint .* REFERENCES shard\.groups/);
  assert.deepEqual(await found(`${refers} on delete cascade)`), []);
  assert.match((await found(`${add} text unique`)).join(), /new: shard\.nodes constraint .* UNIQUE/);
  assert.match((await found(`${add} int check (added > 1)`)).join(), /new: shard\.nodes constraint .* CHECK/);
  assert.match((await found("alter table shard.stars rename to saved")).join(), /gone: shard\.stars column/);
  assert.match((await found("alter table shard.nodes alter size type numeric")).join(), /gone: .* size bigint/);
});
