import assert from "node:assert/strict";
import { test } from "node:test";
import { Kysely, PostgresDialect, sql } from "kysely";
import { openPool } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { copyFolder } from "./copy-folder.ts";
import { checkInvariants } from "../testing/invariants.ts";
import type { Operation } from "./operation.ts";
import { pieceSizes } from "./piece-sizes.ts";
import { sweepPurged } from "./removal.ts";
import { makeTestSpace, type TestSpace } from "../testing/testing.ts";
import { isLongTier } from "@holdfast/tools/tiers";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const world = useTestSpaces({ quietLog: true });
const { open } = world;

/** A line of log for each would be far above the limit. */
const many = isLongTier ? 10_000 : 1000;

async function fill(space: TestSpace, parentId: string, count: number): Promise<void> {
  const content = await space.content("small");
  const folders = await space.commit(
    Array.from({ length: Math.ceil(count / 100) }, (_, index) => ({
      op: "mkdir",
      place: { parentId, name: `folder ${index}` },
    })),
  );
  const puts = Array.from({ length: count }, (_, index): Operation => {
    const folder = folders[Math.floor(index / 100)];
    const id = folder?.status === "committed" ? folder.node?.id : undefined;
    return { op: "put", place: { parentId: id ?? "", name: `${index}.txt` }, content };
  });
  for (let start = 0; start < count; start += 1000) await space.commit(puts.slice(start, start + 1000));
}

async function countNodes(space: TestSpace): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from shard.nodes where space_id = ${space.caller.spaceId}`.execute(space.db);
  return rows[0]?.count ?? 0;
}

test(`a folder with ${many} files is moved, renamed and deleted by few statements and under 10 KiB of log`, async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir("root", "b");
  await fill(space, a.id, many);
  const statements: string[] = [];
  const logged = new Kysely<ShardTables>({
    dialect: new PostgresDialect({
      pool: openPool({
        connection: world.databases.connection,
        schema: "shard",
        applicationName: "test",
        log: { debug() {}, info() {}, warn() {}, error() {} },
      }),
    }),
    log: (event) => {
      statements.push(event.query.sql);
    },
  });
  const shard = { ...world.databases.shards.ofId(space.caller.spaceId), db: logged, primary: logged };
  const shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
  const counted = await makeTestSpace(shards);
  const operations = {
    move: { op: "move", fileId: a.id, place: { parentId: b.id } },
    rename: { op: "move", fileId: a.id, place: { name: "renamed" } },
    delete: { op: "delete", fileId: a.id },
    restore: { op: "restore", fileId: a.id },
    "move back": { op: "move", fileId: a.id, place: { parentId: "root", name: "a" } },
  } satisfies Record<string, Operation>;
  const leastBytes = new Map<string, number>();
  // The shared log also contains page splits and hints, so the minimum counts.
  for (let round = 0; round < 3; round += 1) {
    for (const [name, operation] of Object.entries(operations)) {
      const { rows: start } = await sql<{ lsn: string }>`select pg_current_wal_insert_lsn() as lsn`.execute(space.db);
      statements.length = 0;
      const outcome = await counted.committer.commit(space.caller, [operation]);
      assert.equal(outcome.results[0]?.status, "committed");
      const { rows: wal } = await sql<{ bytes: number }>`
        select (pg_current_wal_insert_lsn() - ${start[0]?.lsn}::pg_lsn)::int8 as bytes`.execute(space.db);
      assert.ok(statements.length <= 12, `${name}: ${statements.length} statements`);
      leastBytes.set(name, Math.min(leastBytes.get(name) ?? Infinity, wal[0]?.bytes ?? Infinity));
    }
  }
  for (const [name, bytes] of leastBytes) assert.ok(bytes < 10_240, `${name}: ${bytes} bytes`);
  const { rows: journal } = await sql`
    select 1 from shard.journal where space_id = ${space.caller.spaceId} and node_id = ${a.id}`.execute(space.db);
  assert.equal(journal.length, 1 + 3 * 5);
  await logged.destroy();
});

test("a copied folder appears complete, with one journal entry and its bytes counted once", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  await fill(space, a.id, 1200);
  await space.do({ op: "symlink", place: { parentId: a.id, name: "link" }, target: "x" });
  const trashed = await space.put(a.id, "trashed", "old");
  await space.do({ op: "delete", fileId: trashed.id });
  const { seq, used_bytes } = await space.row();
  const countBefore = await countNodes(space);
  const [copy, next] = await space.commit([
    { op: "copy", fileId: a.id, place: { parentId: "root", name: "b" } },
    { op: "mkdir", place: { path: "/b/after" } },
  ]);
  assert.ok(copy?.status === "committed" && copy.created && copy.node);
  assert.equal(next?.status, "committed");
  assert.equal(copy.node.path, "/b");
  const row = await space.row();
  assert.equal(row.seq, seq + 2);
  assert.equal(row.used_bytes, used_bytes + 1200 * 5);
  assert.equal(await countNodes(space), countBefore + 1 + 12 + 1200 + 1 + 1);
  const inside = await space.do({
    op: "put",
    place: { path: "/b/folder 11/1199.txt" },
    content: await space.content("new"),
    baseVersion: 1,
  });
  assert.equal(inside.version, 2);
});

test("a folder can be copied into itself once", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  const b = await space.mkdir(a.id, "b");
  await space.put(b.id, "f", "x");
  const copy = await space.do({ op: "copy", fileId: a.id, place: { parentId: b.id, name: "a" } });
  assert.equal(copy.path, "/a/b/a");
  assert.equal(await countNodes(space), 1 + 3 + 3);
});

test("a copy that cannot be attached leaves nothing after the sweep", async () => {
  const space = await open({ quotaBytes: 20 });
  const a = await space.mkdir("root", "a");
  await space.put(a.id, "f", "0123456789a");
  const countBefore = await countNodes(space);
  const copy = { op: "copy", fileId: a.id, place: { parentId: "root", name: "b" } } as const;
  assert.equal((await space.refused(copy)).code, "quota");
  assert.equal((await space.refused({ ...copy, place: { name: "a" } })).code, "exists");
  space.clock.advanceMs(2 * 3600_000);
  await sweepPurged(space.db, { nowMicros: space.clock.nowMicros() });
  assert.equal(await countNodes(space), countBefore);
});

test("a copy left by a crash is invisible, and removed after an hour", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  await fill(space, a.id, 600);
  const countBefore = await countNodes(space);
  const { rows } = await sql<never>`select * from shard.nodes where id = ${a.id}`.execute(space.db);
  const [source] = rows;
  assert.ok(source);
  const step = {
    caller: space.caller,
    operation: { op: "copy", fileId: a.id, place: { name: "b" } } as const,
    content: undefined,
    refused: undefined,
    missing: [],
    lost: [],
    attach: undefined,
    named: undefined,
  };
  const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  const place = { db: space.db, spaceId: space.caller.spaceId, clock: space.clock, random, pieces: pieceSizes };
  const detached = await copyFolder(place, step, { copyFolder: source, isStrangers: false });
  assert.equal(detached.sizeBytes, 3000);
  assert.equal((await space.refused({ op: "set", fileId: detached.topId, executable: true })).code, "not_found");
  await checkInvariants(space.db, space.caller.spaceId);
  await sweepPurged(space.db, { nowMicros: space.clock.nowMicros() });
  assert.equal(await countNodes(space), countBefore + 607);
  space.clock.advanceMs(2 * 3600_000);
  assert.equal(await sweepPurged(space.db, { nowMicros: space.clock.nowMicros() }), 607);
  assert.equal(await countNodes(space), countBefore);
});

test("a purge of many nodes returns immediately and is swept in pieces", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  await fill(space, a.id, 5500);
  const file = await space.do({
    op: "put",
    place: { path: "/a/folder 3/300.txt" },
    content: await space.content("new"),
    baseVersion: 1,
  });
  await space.commit([{ op: "purge", fileId: a.id, trashedOnly: false }]);
  assert.equal((await space.refused({ op: "set", fileId: file.id, executable: true })).code, "not_found");
  assert.equal((await space.refused({ op: "restore", fileId: a.id })).code, "not_found");
  await checkInvariants(space.db, space.caller.spaceId);
  assert.ok((await space.row()).used_bytes > 0);
  assert.equal(await sweepPurged(space.db, { nowMicros: space.clock.nowMicros() }), 5556);
  assert.equal((await space.row()).used_bytes, 0);
  assert.equal(await countNodes(space), 1);
});
