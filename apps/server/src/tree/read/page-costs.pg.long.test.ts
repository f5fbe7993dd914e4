import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { RouteName } from "@holdfast/protocol/routes";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";
import { routeCost } from "../../edge/route-costs.ts";
import { listChanges } from "../journal/changes.ts";
import { startToken } from "../journal/start-token.ts";
import { readSnapshot } from "../journal/snapshot.ts";
import { listFolder } from "./list-folder.ts";
import { findNode, findNodes } from "./look-up.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../testing/testing.ts";
import { listTrash } from "../trash/trash-list.ts";

const chains = 12;
const depth = limits.pathNamesMax - 2;
const wideNodes = 1200;
const emptyFolders = 2500;

describe("Cost of a page in an expensive tree", () => {
  let databases: TestDatabases;
  let space: TestSpace;
  let shards: Shards;
  let token: string;
  let wide: string;
  let empty: string;
  let read = { rows: 0, bytes: 0 };

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    space = await makeTestSpace(databases.shards);
    token = await startToken(databases.shards, space.caller);
    wide = (await space.mkdir("root", "wide")).id;
    empty = (await space.mkdir("root", "empty")).id;
    await fill(space, wide, empty);
    shards = counted(databases.shards, (rows) => {
      read = { rows: read.rows + rows.length, bytes: read.bytes + JSON.stringify(rows).length };
    });
  });
  after(() => databases.stop());

  async function readAll<Page>(
    route: RouteName,
    readPage: (cursor: string | undefined) => Promise<Page>,
    open: (page: Page) => { items: readonly unknown[]; next: string | undefined },
  ): Promise<{ items: number; pages: number; readBytesMax: number }> {
    const { rows, answerBytes } = routeCost(route);
    const seen = { items: 0, pages: 0, readBytesMax: 0 };
    for (let cursor: string | undefined, more = true; more; seen.pages += 1) {
      assert.ok(seen.pages < 500, "the list does not end");
      read = { rows: 0, bytes: 0 };
      const page = await readPage(cursor);
      const { items, next } = open(page);
      const answer = JSON.stringify(page).length;
      assert.ok(read.rows <= Number(rows), `${route} read ${read.rows} rows`);
      assert.ok(
        answer <= Number(answerBytes) && answer <= 1.2 * limits.listBytesMax,
        `${route} answered ${answer} bytes`,
      );
      seen.items += items.length;
      seen.readBytesMax = Math.max(seen.readBytesMax, read.bytes);
      [cursor, more] = [next, next !== undefined];
    }
    return seen;
  }

  const ofNodes = ({ items, next_cursor }: { items: readonly unknown[]; next_cursor: string | null }) => ({
    items,
    next: next_cursor ?? undefined,
  });
  const limit = limits.listItemsMax;

  test("a folder of nodes with maximal metadata is listed in pages of a few MiB", async () => {
    const folder = await findNode(shards, space.caller, wide);
    const { items, pages } = await readAll(
      "listFolder",
      (cursor) => listFolder(shards, space.caller, folder, { cursor, limit, includeBlocks: true }),
      ofNodes,
    );
    assert.deepEqual([items, pages > 4], [wideNodes, true]);
  });

  test("a recursive listing skips thousands of empty folders a thousand at a time", async () => {
    const folder = await findNode(shards, space.caller, empty);
    const { items, pages } = await readAll(
      "listFolder",
      (cursor) => listFolder(shards, space.caller, folder, { cursor, limit, recursive: true }),
      ofNodes,
    );
    assert.equal(items, emptyFolders);
    assert.ok(pages >= 5, `${pages} pages`);
  });

  test("a recursive listing of the root contains every node once", async () => {
    const folder = await findNode(shards, space.caller, "root");
    const { items } = await readAll(
      "listFolder",
      (cursor) => listFolder(shards, space.caller, folder, { cursor, limit, recursive: true }),
      ofNodes,
    );
    assert.equal(items, 2 + 2 * wideNodes + emptyFolders + chains * depth);
  });

  test("snapshots, changes and trash read only the place of ancestors, not their metadata", async () => {
    const snapshot = await readAll(
      "getSnapshot",
      (cursor) => readSnapshot(shards, space.caller, { cursor, limit }),
      ofNodes,
    );
    assert.equal(snapshot.items, 3 + 2 * wideNodes + emptyFolders + chains * depth);
    const changes = await readAll(
      "listChanges",
      (cursor = token) => listChanges(shards, space.caller, { since_token: cursor, limit, include: "blocks" }),
      ({ changes: items, next_token, has_more }) => ({ items, next: has_more ? next_token : undefined }),
    );
    assert.equal(changes.items, 2 + wideNodes);
    await sql`update shard.nodes set trashed_at = 1 where space_id = ${space.caller.spaceId} and name like 'leaf%'`.execute(
      space.db,
    );
    const trash = await readAll("listTrash", (cursor) => listTrash(shards, space.caller, { cursor, limit }), ofNodes);
    assert.equal(trash.items, wideNodes);
    const oneChain = depth * limits.metadataBytesMax;
    for (const { readBytesMax } of [snapshot, changes, trash]) {
      const own = 1.2 * (limits.listItemsMax + 1) * (limits.metadataBytesMax + 1000);
      assert.ok(readBytesMax < own + oneChain, `${readBytesMax} bytes were read for a page`);
    }
  });

  test("a node requested together with its child is returned in full", async () => {
    const { rows } = await sql<{ id: NodeId; parent_id: NodeId }>`
      select id, parent_id from shard.nodes where space_id = ${space.caller.spaceId} and name = 'leaf 1'`.execute(
      space.db,
    );
    const { id, parent_id } = rows[0]!;
    for (const ids of [
      [id, parent_id],
      [parent_id, id],
    ]) {
      const found = await findNodes(shards, space.caller, ids);
      for (const each of ids) assert.deepEqual(found.get(each)?.row.metadata, { a: metadataText });
    }
  });
});

const metadataText = "x".repeat(limits.metadataBytesMax - 20);

async function fill({ db, caller }: TestSpace, wide: string, empty: string): Promise<void> {
  const { spaceId, rootId, userId } = caller;
  const metadata = JSON.stringify({ a: metadataText });
  const insert = async (nodes: { id: string; parent: string; name: string }[], value: string | null) => {
    for (let start = 0; start < nodes.length; start += 500) {
      const some = JSON.stringify(nodes.slice(start, start + 500));
      await sql`
        insert into shard.nodes (space_id, id, parent_id, name, name_key, kind, modified_at, revision, seq, metadata, created_at, updated_at)
        select ${spaceId}, id, parent, name, name, 'folder', 1, 'r', 1, ${value}::jsonb, 1, 1
        from jsonb_to_recordset(${some}::jsonb) as node (id uuid, parent uuid, name text)`.execute(db);
    }
  };
  const several = (count: number, name: string, parent: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => ({
      id: newTestId() as string,
      parent: parent(index),
      name: `${name} ${index}`,
    }));
  await insert(
    several(wideNodes, "node", () => wide),
    metadata,
  );
  await insert(
    several(emptyFolders, "folder", () => empty),
    null,
  );
  const ends: string[] = [];
  for (let chain = 0; chain < chains; chain += 1) {
    const folders = several(depth, `chain ${chain}`, () => rootId);
    for (const [index, node] of folders.entries()) node.parent = folders[index - 1]?.id ?? rootId;
    await insert(folders, metadata);
    ends.push(folders.at(-1)!.id);
  }
  const leaves = several(wideNodes, "leaf", (index) => ends[index % chains]!);
  await insert(leaves, metadata);
  const ids = JSON.stringify(leaves.map(({ id }) => id));
  await sql`
    insert into shard.journal (space_id, seq, tag, node_id, kind, actor, at)
    select ${spaceId}, place + 100, '\\x0000000000000000', id::uuid, 'changed', ${userId}, 0
    from jsonb_array_elements_text(${ids}::jsonb) with ordinality as node (id, place)`.execute(db);
  await sql`update shard.spaces set seq = ${wideNodes + 100} where id = ${spaceId}`.execute(db);
}

function counted(shards: Shards, count: (rows: readonly unknown[]) => void): Shards {
  const wrap = (shard: Shard): Shard => ({
    ...shard,
    db: shard.db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: ({ result }) => {
        count(result.rows);
        return Promise.resolve(result);
      },
    }),
  });
  return {
    of: (bucket) => wrap(shards.of(bucket)),
    ofId: (id) => wrap(shards.ofId(id)),
    all: () => shards.all().map(wrap),
  };
}
