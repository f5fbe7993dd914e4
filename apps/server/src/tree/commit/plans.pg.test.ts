import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId, UploadId } from "@holdfast/core/ids";
import { longTest } from "@holdfast/tools/tiers";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { openPool } from "../../base/db/database.ts";
import type { ShardTables } from "../../base/db/shard-tables.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { emptyTrash } from "../trash/empty-trash.ts";
import { countDueNodes } from "../retention/count-due.ts";
import { sweepPurged } from "./removal.ts";
import { expireBlocks } from "../retention/expire-blocks.ts";
import { expireSegments } from "../retention/expire-segments.ts";
import {
  countOldVersions,
  expireJournal,
  expireOperations,
  expireStaged,
  expireTrash,
  pruneVersions,
} from "../retention/retention.ts";
import { assertNarrow, type Statement } from "../testing/narrow-plans.ts";
import { contentOfText, makeTestSpace, newTestId, type TestSpace } from "../testing/testing.ts";

let databases: TestDatabases;
let pool: pg.Pool;
let logged: Kysely<ShardTables>;
const statements = new Map<string, Statement>();
before(async () => {
  databases = await startTestDatabases();
  pool = openPool({
    connection: databases.connection,
    schema: "shard",
    applicationName: "test",
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  logged = new Kysely<ShardTables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      statements.set(query.sql, { text: query.sql, parameters: query.parameters });
    },
  });
});
after(async () => {
  await logged.destroy();
  await databases.stop();
});

longTest("no statement of a commit reads a whole space on tables without statistics", async () => {
  const space = await openLogged();
  const putAll = async (word: string) => {
    const contents = await Promise.all(Array.from({ length: 500 }, (_, index) => space.content(`${word} ${index}`)));
    const results = await space.commit(
      contents.map((content, index) => ({
        op: "put",
        place: { parentId: "root", name: `file ${index}` },
        onConflict: "replace",
        content,
      })),
    );
    assert.ok(results.every(({ status }) => status === "committed"));
  };
  await putAll("one");
  statements.clear();
  await putAll("two");
  const explained = [...statements.values()].filter(({ text }) => /^\s*(select|insert|update|delete|with)/i.test(text));
  assert.ok(explained.length > 10, `${explained.length} statements`);
  await assertNarrow(pool, explained);
});

test("no statement of a commit or a job reads a whole table", async () => {
  const space = await openLogged();
  await fill(space);
  statements.clear();
  await runEverything(space);
  const explained = [...statements.values()].filter(({ text }) => /^\s*(select|insert|update|delete|with)/i.test(text));
  assert.ok(explained.length > 40, `${explained.length} statements`);
  await assertNarrow(pool, explained);
});

async function openLogged(): Promise<TestSpace> {
  const id = newTestId<NodeId>();
  const shard = { ...databases.shards.ofId(id), db: logged, primary: logged };
  return makeTestSpace({ of: () => shard, ofId: () => shard, all: () => [shard] });
}

async function fill(space: TestSpace): Promise<void> {
  const { spaceId, userId } = space.caller;
  const id = sql.raw("(lpad(to_hex(n), 8, '0') || '-0000-8007-8000-000000000000')::uuid");
  const folder = sql.raw("(lpad(to_hex(n / 100), 8, '0') || '-0000-8007-9000-000000000000')::uuid");
  const otherSpace = newTestId<NodeId>();
  const owner = sql`(case when n % 10 = 0 then ${spaceId}::uuid else ${otherSpace}::uuid end)`;
  const series = sql.raw("generate_series(1, 10000) as n");
  await sql`insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, head_version, version_number, content_id, size,
    modified_at, revision, seq, created_at, updated_at)
    select ${owner}, ${id}, ${folder}, n::text, n::text, 'file', ${id}, 1, sha256(n::text::bytea), 0, n, n::text, n, n, n from ${series}`.execute(
    logged,
  );
  await sql`insert into shard.versions (space_id, id, node_id, number, content_id, size, manifest, created_by, created_at)
    select ${owner}, ${id}, ${id}, 1, sha256(n::text::bytea), 0, '', ${userId}::uuid, n from ${series}`.execute(logged);
  await sql`insert into shard.space_blocks (space_id, hash, size, refs, stamp, since, uploader)
    select ${owner}, sha256(n::text::bytea), 1, 1, 1, 1, ${userId}::uuid from ${series}`.execute(logged);
  await sql`insert into shard.segments (space_id, hash, entries, refs, since)
    select ${owner}, sha256(n::text::bytea), '', 1, 1 from ${series}`.execute(logged);
  const now = space.clock.nowMicros() + 1_000_000_000;
  await sql`insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${otherSpace}::uuid, n, ''::bytea, ${id}, 'changed', ${userId}::uuid, ${now}::int8 from ${series}`.execute(
    logged,
  );
  await sql`insert into shard.operations (space_id, user_id, op_id, request_hash, result, at)
    select ${owner}, ${userId}::uuid, sha256(n::text::bytea), '', '{}', ${now}::int8 + n from ${series}`.execute(
    logged,
  );
  await sql`insert into shard.upload_sessions (space_id, id, user_id, request, expires_at, created_at)
    select ${owner}, ${id}, ${userId}::uuid, '{}', ${now}::int8 + n, 1 from ${series}`.execute(logged);
  await sql`insert into shard.upload_blocks select ${owner}, ${id}, 0, sha256(n::text::bytea), 1 from ${series}`.execute(
    logged,
  );
  await sql`insert into shard.upload_tail select ${owner}, ${id}, 0, 1, 1, '', 1, '' from ${series}`.execute(logged);
  await sql`insert into shard.spaces (id, owner_id, root_id, epoch, created_at)
    select ${id}, ${id}, ${id}, '', 1 from ${series}`.execute(logged);
  await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
    select ${owner}, ${id}, ${id}, 'user', ${id}, 'viewer', ${userId}::uuid, 1 from ${series}`.execute(logged);
  await sql`insert into shard.watches (space_id, user_id, node_id)
    select ${owner}, ${userId}::uuid, ${id} from ${series}`.execute(logged);
  await sql`insert into shard.comments (space_id, node_id, id, text, mentions, author, at)
    select ${owner}, ${id}, ${id}, 'text', '{}', ${userId}::uuid, n from ${series}`.execute(logged);
  await sql`insert into shard.transfers (space_id, id, node_id, from_id, to_id, created_at)
    select ${owner}, ${id}, ${id}, ${userId}::uuid, ${id}, n from ${series}`.execute(logged);
  await sql`analyze`.execute(logged);
}

async function runEverything(space: TestSpace): Promise<void> {
  const a = await space.mkdir("root", "a");
  const folders = await space.commit(
    Array.from({ length: 6 }, (_, index) => ({ op: "mkdir", place: { parentId: a.id, name: `f${index}` } })),
  );
  const content = await space.content("x");
  await space.commit(
    folders.map((folder, index) => ({
      op: "put",
      place: { parentId: (folder.status === "committed" && folder.node?.id) || "", name: "x" },
      content,
      operationId: Buffer.alloc(16, index),
      requestHash: Buffer.alloc(32),
    })),
  );
  const file = await space.put(a.id, "file", "one");
  await space.do({ op: "put", fileId: file.id, content: await space.content("two"), baseVersion: 1 });
  await space.do({
    op: "put",
    place: { path: "/a/file" },
    content,
    onConflict: "rename",
    uploadId: newTestId<UploadId>(),
  });
  await space.do({ op: "revert", fileId: file.id, version: 1 });
  const splices = { sizeBytes: 0, splices: [{ at: 0, remove: 1, insert: [] }] };
  await space.do({ op: "put", fileId: file.id, content: splices, baseVersion: 3 });
  await space.do({ op: "copy", fileId: file.id, place: { name: "copy" } });
  const copied = await space.do({ op: "copy", fileId: a.id, place: { parentId: "root", name: "b" } });
  await space.commit([
    { op: "move", fileId: a.id, place: { name: "b" }, group: "g" },
    { op: "move", fileId: copied.id, place: { name: "a" }, group: "g" },
  ]);
  await space.do({ op: "delete", fileId: copied.id, seen: (await space.row()).seq });
  await space.do({ op: "restore", fileId: copied.id });
  await space.commit([{ op: "purge", fileId: copied.id, trashedOnly: false }]);
  const entries = Array.from({ length: 600 }, (_, index) => contentOfText(`block ${index}`).blocks).flat();
  await space.store(entries);
  const sizeBytes = entries.reduce((sum, block) => sum + block.size, 0);
  const long = await space.do({ op: "put", place: { path: "long" }, content: { sizeBytes, blocks: entries } });
  const edit = { sizeBytes: sizeBytes - 7, splices: [{ at: 0, remove: 1, insert: [] }] };
  await space.do({ op: "put", fileId: long.id, content: edit, baseVersion: 1 });
  await space.do({ op: "delete", fileId: long.id });
  await emptyTrash(logged, space.committer, space.caller);
  await space.do({ op: "delete", fileId: file.id });
  const job = { db: logged, nowMicros: space.clock.nowMicros() };
  await countDueNodes(job, 0);
  await expireTrash(job, 0);
  await sweepPurged(logged, job);
  await expireOperations(job, 0);
  await expireJournal(job);
  await countOldVersions(job, { keptMin: 1, lifetimeMs: 0 });
  await pruneVersions(job, { keptMin: 1, lifetimeMs: 0 });
  await expireSegments(job, 0);
  await expireStaged(job, 0);
  await expireBlocks({ ...job, nowMicros: space.clock.nowMicros() }, 0);
}
