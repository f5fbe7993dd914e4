import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { openPool } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { openRewinds, type Rewinds } from "./open-rewinds.ts";

const files = 100_000;
const folders = 100;
/** CPU time of this process; wall time depends too much on other load. */
const cpuMsMax = 5000;
/** CPU time of the main thread between two turns of its loop. Other requests wait that long. */
const turnCpuMsMax = 400;
const statementsMax = 100;
const tookMsMax = 120_000;

let databases: TestDatabases;
let pool: pg.Pool;
let space: TestSpace;
let rewinds: Rewinds;
let momentMicros: number;
let asked = 0;
const statements = new Map<string, readonly unknown[]>();

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = openPool({ connection: databases.connection, schema: "shard", applicationName: "test", log: silentLog });
  const db = new Kysely<ShardTables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (!query.sql.includes("shard.")) return;
      asked += 1;
      statements.set(query.sql, query.parameters);
    },
  });
  const shard = { ...databases.shards.all()[0]!, db, primary: db };
  const shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
  space = await makeTestSpace(databases.shards);
  momentMicros = space.clock.nowMicros();
  space.clock.advanceMs(1000);
  await fill();
  const { clock, committer } = space;
  rewinds = openRewinds({
    shards,
    committer,
    clock,
    random: randomBytes,
    queue: { kick: () => {} },
    reachMs: 30 * 24 * 3600_000,
  });
});
after(async () => {
  await pool.end();
  await databases.stop();
});

for (const known of [false, true]) {
  const what = known ? "with statistics" : "of which no statistics are known yet";
  test(`a dry run over ${files} files ${what} scans no table sequentially, and takes seconds`, async (t) => {
    if (known) await sql`analyze shard.nodes, shard.versions, shard.journal`.execute(space.db);
    statements.clear();
    const { userId, spaceId, rootId } = space.caller;
    // Load on the same core and garbage collection only add time, so the minimum counts.
    const least = { cpuMs: Infinity, turnCpuMs: Infinity, tookMs: Infinity };
    for (let round = 1; round <= 3 && !isSoon(least); round += 1) {
      asked = 0;
      const [startedMs, usedBefore] = [performance.now(), process.cpuUsage()];
      const turns = watchTurns();
      const answer = await rewinds.preview({ userId, spaceId, nodeId: rootId, momentMicros });
      least.turnCpuMs = Math.min(least.turnCpuMs, turns.stop());
      least.tookMs = Math.min(least.tookMs, performance.now() - startedMs);
      const { user, system } = process.cpuUsage(usedBefore);
      least.cpuMs = Math.min(least.cpuMs, (user + system) / 1000);
      assert.deepEqual([answer.reverted, answer.moved, answer.left, answer.bytes], [files, files, 0, files * 3]);
      assert.ok(asked < statementsMax, `${asked} statements`);
    }
    t.diagnostic(JSON.stringify(least));
    assert.ok(isSoon(least), `it took ${JSON.stringify(least)}`);
    assert.ok(statements.size > 5, `only ${statements.size} statements were seen`);
    for (const [text, parameters] of statements) {
      const plan = await explain(text, parameters);
      assert.ok(!/Seq Scan on (nodes|versions|journal)/.test(plan), `${text}\n${plan}`);
    }
  });
}

function isSoon({ cpuMs, turnCpuMs, tookMs }: Readonly<Record<"cpuMs" | "turnCpuMs" | "tookMs", number>>): boolean {
  return cpuMs < cpuMsMax && turnCpuMs < turnCpuMsMax && tookMs < tookMsMax;
}

test("the check detects a sequential scan", async () => {
  assert.match(await explain("select * from shard.nodes where updated_at = 7", []), /Seq Scan on nodes/);
});

function watchTurns(): { stop: () => number } {
  let [since, mostMicros] = [process.threadCpuUsage(), 0];
  const look = () => {
    const { user, system } = process.threadCpuUsage(since);
    mostMicros = Math.max(mostMicros, user + system);
    since = process.threadCpuUsage();
    next = setImmediate(look);
  };
  let next = setImmediate(look);
  return {
    stop: () => {
      clearImmediate(next);
      return Math.round(mostMicros / 1000);
    },
  };
}

async function explain(text: string, parameters: readonly unknown[]): Promise<string> {
  const { rows } = await pool.query<{ "QUERY PLAN": string }>(`explain ${text}`, [...parameters]);
  return rows.map((row) => row["QUERY PLAN"]).join("\n");
}

/** Simulates ransomware: each file has a second version under another name, after the moment. */
async function fill(): Promise<void> {
  const { db, caller } = space;
  const { spaceId, rootId, userId } = caller;
  const [old, now] = [momentMicros - 1000, momentMicros + 1000];
  const id = (offset: number, number = sql`g`) =>
    sql`('01000000-0000-8007-8000-' || lpad(to_hex(${number} + ${sql.lit(offset)}), 12, '0'))::uuid`;
  const folder = id(10_000_000, sql`g % ${sql.lit(folders)}`);
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, modified_at, revision, seq, created_at, updated_at)
    select ${spaceId}, ${folder}, ${rootId}, 'd' || g, 'd' || g, 'folder', 0, 'r', 0, ${old}, ${old}
    from generate_series(1, ${folders}::int) g`.execute(db);
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, head_version, version_number, size, modified_at, revision,
      seq, created_at, updated_at)
    select ${spaceId}, ${id(0)}, ${folder}, 'n' || g || '.locked', 'n' || g || '.locked', 'file', ${id(2_000_000)}, 2, 5, ${now}, 'r',
      g, ${old}, ${now} from generate_series(1, ${files}::int) g`.execute(db);
  for (const [number, offset, at] of [
    [1, 1_000_000, old],
    [2, 2_000_000, now],
  ] as const) {
    await sql`
      insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
      select ${spaceId}, ${id(offset)}, ${id(0)}, ${number}, '\\x00', ${number === 1 ? 3 : 5}, '\\x', ${userId}, ${at}
      from generate_series(1, ${files}::int) g`.execute(db);
  }
  const tag = sql`'\\x0000000000000000'::bytea`;
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, from_name, actor, at)
    select ${spaceId}, g, ${tag}, ${id(0)}, 'changed', '', ${userId}, ${old} from generate_series(1, ${files}::int) g`.execute(
    db,
  );
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, from_modified_at, actor, at)
    select ${spaceId}, ${files}::int + g, ${tag}, ${id(0)}, 'changed', 7, ${userId}, ${now}
    from generate_series(1, ${files}::int) g`.execute(db);
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, from_parent, from_name, actor, at)
    select ${spaceId}, 2 * ${files}::int + g, ${tag}, ${id(0)}, 'changed', ${folder}, 'n' || g, ${userId}, ${now}
    from generate_series(1, ${files}::int) g`.execute(db);
  await sql`update shard.spaces set seq = ${3 * files}, created_at = ${old} where id = ${spaceId}`.execute(db);
}
