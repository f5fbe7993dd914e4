import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { HashHex } from "@holdfast/core/ids";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { openPool } from "../../base/db/database.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { openCommitter } from "../../tree/commit/commit-queue.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { makeTestSpace } from "../../tree/testing/testing.ts";
import { findLost, hasDamaged } from "../index/block-rows.ts";

let databases: TestDatabases;
let pool: pg.Pool;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  pool = openPool({ connection: databases.connection, schema: "cell", applicationName: "test", log });
});
after(async () => {
  await pool.end();
  await databases.stop();
});

/** @returns the indexes that each statement used, or the name of a scanned table */
async function readsOf(act: (cell: Kysely<CellTables>) => Promise<unknown>): Promise<string[]> {
  const reads: string[] = [];
  const noting: pg.Pool = Object.assign(Object.create(pool), {
    connect: async () => {
      const client = await pool.connect();
      const query = async (text: string, parameters: readonly unknown[]) => {
        const { rows } = await client.query(`explain (format json) ${text}`, [...parameters]);
        const plan = JSON.stringify(rows[0]["QUERY PLAN"]);
        for (const [, name] of plan.matchAll(/"(?:Index|Relation) Name":"(\w+)"/g))
          if (name !== "blocks") reads.push(name!);
        if (plan.includes("Seq Scan")) reads.push("blocks");
        return client.query(text, [...parameters]);
      };
      return Object.assign(Object.create(client), { query, release: () => client.release() });
    },
  });
  await act(new Kysely<CellTables>({ dialect: new PostgresDialect({ pool: noting }) }));
  return reads;
}

test("lost blocks are looked up by the index of damaged blocks, with and without statistics", async () => {
  const hashes = Array.from({ length: 1000 }, () => randomBytes(32).toString("hex") as HashHex);
  const ask = async (cell: Kysely<CellTables>) => {
    assert.equal(await hasDamaged(cell), false);
    assert.deepEqual(await findLost(cell, hashes), new Set());
  };
  await sql`insert into cell.blocks (hash, pack_id, record_index, "offset", stored_size, size, codec)
    select sha256(n::text::bytea), gen_random_uuid(), 0, 0, 20, 4, 'raw' from generate_series(1, 20000) as n`.execute(
    databases.cells.all()[0]!.db,
  );
  const unknown = await readsOf(ask);
  await pool.query("analyze cell.blocks");
  for (const reads of [unknown, await readsOf(ask)]) {
    assert.ok(!reads.includes("blocks"), reads.join());
    assert.equal(reads.filter((name) => name === "blocks_damaged").length, 2, reads.join());
  }
});

test("a commit checks for damage once, and only if it may make a version", async () => {
  const space = await makeTestSpace(databases.shards);
  const asked: string[] = [];
  const blocks = {
    anyDamaged: () => Promise.resolve(asked.push("any") === 0),
    lost: () => Promise.resolve(new Set<HashHex>([String(asked.push("lost")) as HashHex])),
  };
  const log = { warn: () => {}, error: () => {} };
  const ports = { shards: databases.shards, clock: space.clock, random: randomBytes, onCommitted: () => {}, log };
  const committer = openCommitter({ ...ports, blocks });
  const contents = await Promise.all(Array.from({ length: 300 }, (_, index) => space.content(`content ${index}`)));
  const puts = contents.map((content, index): Operation => ({
    op: "put",
    place: { parentId: "root", name: `file ${index}` },
    content,
  }));
  const { results } = await committer.commit(space.caller, puts);
  assert.ok(results.every(({ status }) => status === "committed"));
  assert.deepEqual(asked, ["any"]);
  await committer.commit(space.caller, [{ op: "mkdir", place: { parentId: "root", name: "folder" } }]);
  assert.deepEqual(asked, ["any"]);
});
