import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { openDatabase, openPool } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { listChanges } from "../journal/changes.ts";
import { startToken } from "../journal/start-token.ts";
import type { Actor } from "../actor.ts";
import { listFolder } from "../read/list-folder.ts";
import { findNode } from "../read/look-up.ts";
import { assertByKeys, type Statement } from "../testing/narrow-plans.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../testing/testing.ts";

const levels = 20;
const grants = 1000;
const smallSpaces = 20_000;

let databases: TestDatabases;
let pool: pg.Pool;
let shards: Shards;
let owner: TestSpace;
let viewer: Actor;
let deepest: NodeId;
const statements = new Map<string, Statement>();

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = openPool({ connection: databases.connection, schema: "shard", applicationName: "test", log: silentLog });
  const db = new Kysely<ShardTables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => void statements.set(query.sql, { text: query.sql, parameters: query.parameters }),
  });
  const shard = { ...databases.shards.all()[0]!, db, primary: db };
  shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
  owner = await makeTestSpace(shards);
  const other = await makeTestSpace(shards);
  await other.mkdir("root", "own");
  const { caller } = other;
  viewer = { ...caller, receives: true, grantees: [caller.userId] };
  await fill();
});
after(async () => {
  await pool.end();
  await databases.stop();
});

for (const known of [false, true]) {
  const what = known
    ? "of which the statistics say that most spaces have next to nothing"
    : "of which nothing is known";
  test(`rights are looked up by keys, for any number of permissions and accounts, on tables ${what}`, async () => {
    if (known) await sql`analyze`.execute(owner.db);
    statements.clear();
    const node = await findNode(shards, { ...viewer }, deepest);
    assert.equal(node.role, "viewer");
    await listFolder(shards, { ...viewer }, node, {});
    const token = await startToken(shards, { ...viewer });
    await listChanges(shards, { ...viewer }, { since_token: token });
    assert.ok(statements.size > 6, `${statements.size} statements`);
    await assertByKeys(pool, [...statements.values()]);
  });
}

test("statements for rights are planned five times per connection, then never again", async () => {
  const one = openDatabase<ShardTables>({
    connection: databases.connection,
    schema: "shard",
    applicationName: "test",
    connectionsMax: 1,
    log: silentLog,
  });
  try {
    const shard = { ...databases.shards.all()[0]!, db: one.db, primary: one.db };
    const world: Shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
    for (let time = 0; time < 8; time += 1) {
      const node = await findNode(world, { ...viewer }, deepest);
      assert.equal(node.role, "viewer");
      await findNode(world, owner.caller, deepest);
    }
    const { rows } = await sql<{ statement: string; planned: number; kept: number }>`
      select statement, custom_plans as planned, generic_plans as kept from pg_prepared_statements`.execute(one.db);
    assert.ok(rows.length >= 3, `${rows.length} statements`);
    for (const { statement, planned, kept } of rows) assert.deepEqual([planned, kept > 0], [5, true], statement);
  } finally {
    await one.close();
  }
});

test("the check detects an index search behind an unknown column", async () => {
  await sql`create index by_folder on shard.nodes (space_id, parent_id, id)`.execute(owner.db);
  const text = "select id from shard.nodes where space_id = $1 and id = $2 and updated_at > 0";
  await sql`alter table shard.nodes drop constraint nodes_pkey`.execute(owner.db);
  await assert.rejects(assertByKeys(pool, [{ text, parameters: [owner.caller.spaceId, deepest] }]), /by_folder/);
});

/**
 * A deep path with many grants to others, one to the viewer at its top, and a mount. Many other spaces hold only a
 * root.
 */
async function fill(): Promise<void> {
  const { db, caller } = owner;
  const ids: string[] = [];
  for (let level = 1; level <= levels; level += 1)
    ids.push((await owner.mkdir(ids.at(-1) ?? "root", `level ${level}`)).id);
  deepest = ids.at(-1) as NodeId;
  const at = sql`(array[${sql.join(ids)}]::uuid[])[n % ${sql.lit(levels)} + 1]`;
  const id = (kind: number) => sql.raw(`(lpad(to_hex(n), 8, '0') || '-0000-8007-8${kind}00-000000000000')::uuid`);
  const numbers = (count: number) => sql.raw(`generate_series(1, ${count}) n`);
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    select ${caller.spaceId}::uuid, ${id(1)}, ${at}, 'user', ${id(2)}, 'viewer', ${caller.userId}::uuid, 1 from ${numbers(grants)}`.execute(
    db,
  );
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    values (${caller.spaceId}, ${newTestId()}, ${ids[0]}, 'user', ${viewer.userId}, 'viewer', ${caller.userId}, 1)`.execute(
    db,
  );
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, target, target_space, modified_at, revision, seq,
      created_at, updated_at)
    values (${viewer.spaceId}, ${newTestId()}, ${viewer.rootId}, 'm', 'm', 'mount', ${ids[0]}, ${caller.spaceId}, 1, 'r', 0, 1, 1)`.execute(
    db,
  );
  await sql`
    insert into shard.spaces (id, owner_id, root_id, epoch, created_at)
    select ${id(3)}, ${id(2)}, ${id(4)}, '', 1 from ${numbers(smallSpaces)}`.execute(db);
  await sql`
    insert into shard.users (id, email, name, password_hash, space_id, root_id, created_at, plan)
    select ${id(2)}, n::text, n::text, '', ${id(3)}, ${id(4)}, 1, 'business' from ${numbers(smallSpaces)}`.execute(db);
  await sql`
    insert into shard.nodes (space_id, id, name, name_key, kind, modified_at, revision, seq, created_at, updated_at)
    select ${id(3)}, ${id(4)}, '', '', 'folder', 1, 'r', 0, 1, 1 from ${numbers(smallSpaces)}`.execute(db);
  // Plans for tables with few rows prove nothing.
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${id(3)}, 1, '\\x00', ${id(4)}, 'changed', ${id(2)}, 1 from ${numbers(smallSpaces)}`.execute(db);
  await sql`
    insert into shard.notification_heads (user_id, number, read_to)
    select ${id(2)}, 1, 0 from ${numbers(smallSpaces)}`.execute(db);
}
