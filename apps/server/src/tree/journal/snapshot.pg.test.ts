import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../testing/testing.ts";
import { listChanges } from "./changes.ts";
import { startToken } from "./start-token.ts";
import { readSnapshot } from "./snapshot.ts";

describe("Snapshot of the whole view", () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await startTestDatabases({ fsync: false });
  });
  after(() => databases.stop());

  const readAll = async (space: TestSpace, limit: number, between: () => Promise<unknown> = async () => {}) => {
    const items: NodeJson[] = [];
    const tokens = new Set<string>();
    let cursor: string | undefined;
    const stillInTime = bounded("the last page");
    do {
      stillInTime();
      const page = await readSnapshot(databases.shards, space.caller, { cursor, limit });
      assert.ok(page.items.length <= limit);
      items.push(...page.items);
      tokens.add(page.token);
      cursor = page.next_cursor ?? undefined;
      if (cursor !== undefined) await between();
    } while (cursor !== undefined);
    assert.equal(tokens.size, 1, "all pages have one token");
    return { items, token: [...tokens][0]! };
  };

  test("lists every live node once in the order of IDs, with its path, without trashed or unfinished nodes", async () => {
    const space = await makeTestSpace(databases.shards);
    const live = new Map<string, string>([[space.caller.rootId, "/"]]);
    const keep = (node: NodeJson) => (live.set(node.id, node.path), node);
    let parent = keep(await space.mkdir("root", "deep"));
    for (let depth = 0; depth < 20; depth++) {
      parent = keep(await space.mkdir(parent.id, `d${depth}`));
      keep(await space.put(parent.id, "file", "x"));
    }
    const trashed = await space.mkdir("root", "trashed");
    const inside = await space.mkdir(trashed.id, "inside");
    await space.put(inside.id, "file", "x");
    await space.do({ op: "delete", fileId: trashed.id });
    const purged = await space.mkdir("root", "purged");
    await space.put(purged.id, "file", "x");
    await space.commit([{ op: "purge", fileId: purged.id, trashedOnly: false }]);
    // Top folder of an unfinished copy.
    await sql`
      insert into shard.nodes (space_id, id, name, name_key, kind, modified_at, revision, seq, created_at, updated_at)
      values (${space.caller.spaceId}, ${newTestId()}, 'copy', 'copy', 'folder', 0, 'r', 0, 0, 0)`.execute(space.db);
    for (const limit of [1, 3, 7, 1000]) {
      const { items } = await readAll(space, limit);
      assert.deepEqual(new Map(items.map((item) => [item.id, item.path])), live);
      assert.deepEqual(
        items.map((item) => item.id),
        [...live.keys()].toSorted(),
      );
    }
  });

  test("becomes complete with the changes since its token if the tree changes meanwhile", async () => {
    const space = await makeTestSpace(databases.shards);
    const nodes: NodeJson[] = [];
    for (let index = 0; index < 40; index++) {
      const parent = index % 4 === 0 ? "root" : nodes[index - (index % 4)]!.id;
      nodes.push(index % 4 === 0 ? await space.mkdir(parent, `n${index}`) : await space.put(parent, `n${index}`, "x"));
    }
    const out = await space.mkdir("root", "out");
    await space.do({ op: "delete", fileId: out.id });
    let step = 0;
    const { items, token } = await readAll(space, 4, async () => {
      const at = step++;
      if (at === 0) await space.do({ op: "restore", fileId: out.id });
      if (at === 1) await space.do({ op: "move", fileId: nodes[0]!.id, place: { parentId: out.id } });
      if (at === 2) await space.do({ op: "delete", fileId: nodes[36]!.id });
      if (at > 2) await space.put("root", `new ${at}`, "y");
    });
    const mirror = new Map(items.map((item) => [item.id, item]));
    const { changes } = await listChanges(databases.shards, space.caller, { since_token: token });
    for (const { kind, id, node } of changes) {
      if (kind === "gone") mirror.delete(id);
      else if (node !== undefined) mirror.set(id, node);
    }
    const reachable = (id: string | null): boolean =>
      id === space.caller.rootId || (id !== null && mirror.has(id) && reachable(mirror.get(id)!.parent_id));
    const mirrored = [...mirror.values()]
      .filter(({ id }) => reachable(id))
      .map(({ id, parent_id, name }) => `${id} ${parent_id} ${name}`);
    const truth = (await readAll(space, 1000)).items.map(({ id, parent_id, name }) => `${id} ${parent_id} ${name}`);
    assert.deepEqual(mirrored.toSorted(), truth.toSorted());
  });

  test("contains no other space, and its cursor works only for its own space and history", async () => {
    const space = await makeTestSpace(databases.shards);
    const other = await makeTestSpace(databases.shards);
    for (let index = 0; index < 5; index++) await space.mkdir("root", `n${index}`);
    const { next_cursor } = await readSnapshot(databases.shards, space.caller, { limit: 2 });
    assert.deepEqual(
      (await readAll(other, 2)).items.map((item) => item.id),
      [other.caller.rootId],
    );
    await assert.rejects(readSnapshot(databases.shards, other.caller, { cursor: next_cursor! }), { code: "reset" });
    for (const cursor of ["x", await startToken(databases.shards, space.caller)])
      await assert.rejects(readSnapshot(databases.shards, space.caller, { cursor }), {
        code: "bad_request",
        field: "cursor",
      });
    await sql`update shard.spaces set epoch = 'restored' where id = ${space.caller.spaceId}`.execute(space.db);
    await assert.rejects(readSnapshot(databases.shards, space.caller, { cursor: next_cursor! }), { code: "reset" });
  });
});
