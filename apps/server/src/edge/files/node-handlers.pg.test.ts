import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { nodeHandlers } from "./node-handlers.ts";

let databases: TestDatabases;
let space: TestSpace;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  space = await makeTestSpace(databases.shards);
});
after(() => databases.stop());

test("the first page of a large folder costs by its count, and any other page one call", async () => {
  const { id } = await space.mkdir("root", "large");
  await space.mkdir(id, "first");
  await fill(id, 2 * limits.countedPerCall);
  const handlers = nodeHandlers({
    shards: databases.shards,
    reads: databases.reads,
    committer: undefined as never,
    clock: undefined as never,
    cursorKey: randomBytes(32),
    tagOf: () => "",
  });
  const owed: number[] = [];
  const owe = (calls: number) => Promise.resolve(void owed.push(calls));
  const list = async (query: object, folder = id) => {
    const asked = { caller: space.caller, params: { id: folder }, query: { limit: 1, ...query }, owe };
    return (await handlers.listFolder(asked as never)).json as { next_cursor: string; total?: number };
  };
  const { next_cursor, total } = await list({});
  assert.deepEqual([total, owed], [2 * limits.countedPerCall + 1, [2]]);
  await list({ fields: "row" });
  await handlers.lookUpPath({ caller: space.caller, query: { path: "/large", limit: 1 }, owe } as never);
  assert.deepEqual(owed, [2, 2, 2]);
  await list({ cursor: next_cursor });
  await list({}, "root");
  assert.deepEqual(owed, [2, 2, 2]);
});

async function fill(parentId: string, count: number): Promise<void> {
  const { spaceId } = space.caller;
  await sql`
    insert into shard.nodes (space_id, id, parent_id, name, name_key, sort_key, folded_name, kind, head_version, version_number, size, modified_at, revision, seq, trashed_at, created_at, updated_at)
    select ${spaceId}, ('01000000-0000-8007-8000-' || lpad(to_hex(g), 12, '0'))::uuid, ${parentId}, 'n' || g, 'n' || g, convert_to('n' || g, 'UTF8'), 'n' || g, 'folder', null, 0, 0, 0, 'r', g, null, 0, 0
    from generate_series(1, ${count}::int) g`.execute(space.db);
}
