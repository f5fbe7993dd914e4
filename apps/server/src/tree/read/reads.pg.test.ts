import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { nameSortKey } from "@holdfast/core/sort-key";
import type { SortOrder } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { NodeId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { longTest } from "@holdfast/tools/tiers";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { listChanges } from "../journal/changes.ts";
import { startToken } from "../journal/start-token.ts";
import { decodeToken, encodeToken } from "../journal/change-token.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { listFolder } from "./list-folder.ts";
import { findNode, findNodeByPath, findNodes } from "./look-up.ts";
import { findVisible } from "./own-nodes.ts";
import { makeTestSpace, newTestId, type TestSpace } from "../testing/testing.ts";
import { listTrash } from "../trash/trash-list.ts";
import { listVersions } from "./versions-list.ts";
import { z } from "zod";

describe("Reads of the tree", () => {
  let databases: TestDatabases;
  let space: TestSpace;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    space = await makeTestSpace(databases.shards);
  });
  after(() => databases.stop());

  const list = async (folderId: string, request: Parameters<typeof listFolder>[3]) =>
    listFolder(databases.shards, space.caller, await findNode(databases.shards, space.caller, folderId), request);

  const listAll = async (
    folderId: string,
    request: Parameters<typeof listFolder>[3],
    between: () => Promise<unknown> = async () => {},
  ) => {
    const items: NodeJson[] = [];
    let cursor: string | undefined;
    const stillInTime = bounded("the last page");
    do {
      stillInTime();
      const page = await list(folderId, { ...request, cursor });
      items.push(...page.items);
      cursor = page.next_cursor ?? undefined;
      if (cursor !== undefined) await between();
    } while (cursor !== undefined);
    return items;
  };

  test("a path finds its node, or the error names the missing part", async () => {
    const a = await space.mkdir("root", "a é");
    const b = await space.mkdir(a.id, "b");
    const found = await findNodeByPath(databases.shards, space.caller, "/a e\u0301/b/");
    assert.equal(found.row.id, b.id);
    assert.equal(found.path, "/a é/b");
    await assert.rejects(findNodeByPath(databases.shards, space.caller, "/a é/x/y"), /There is no \/a é\/x\./);
    assert.equal((await findNodeByPath(databases.shards, space.caller, "/")).row.id, space.caller.rootId);
  });

  test("nodes of other spaces and invalid IDs are not found", async () => {
    const own = await space.mkdir("root", "mine");
    const other = await makeTestSpace(databases.shards);
    for (const id of [own.id, newTestId(), "nonsense", "", "../etc"]) {
      await assert.rejects(findNode(databases.shards, other.caller, id), { code: "not_found" });
    }
    assert.equal((await findNodes(databases.shards, other.caller, [own.id as never])).size, 0);
  });

  for (const sort of [
    "name",
    "-name",
    "modified_at",
    "-modified_at",
    "created_at",
    "-created_at",
    "size",
    "-size",
    "natural",
    "-natural",
  ] as SortOrder[]) {
    const define = ["name", "-modified_at", "-size", "natural"].includes(sort) ? test : longTest;
    define(
      `sorted by ${sort}, a folder that changes between pages repeats nothing and skips no remaining item`,
      async () => {
        const folder = await space.mkdir("root", `sorted by ${sort}`);
        const files: NodeJson[] = [];
        for (let index = 0; index < 30; index++) {
          const text = "x".repeat((index * 7) % 11);
          const content = await space.content(text);
          const modifiedAtMicros = 1_700_000_000_000_000 + ((index * 13) % 5);
          files.push(
            await space.do({
              op: "put",
              place: { parentId: folder.id, name: `n${(index * 17) % 30}` },
              content,
              modifiedAtMicros,
            }),
          );
        }
        const stays = files.slice(10);
        let removed = 0;
        let added = 0;
        const items = await listAll(folder.id, { sort, limit: 4 }, async () => {
          if (removed < 10) await space.do({ op: "delete", fileId: files[removed++]!.id });
          await space.put(folder.id, `new ${added++}`, "y");
        });
        const ids = items.map((item) => item.id);
        assert.equal(new Set(ids).size, ids.length, "something came twice");
        for (const file of stays) assert.ok(ids.includes(file.id), `${file.name} was skipped`);
        const key = sort.replace("-", "") as "name" | "size" | "modified_at" | "created_at" | "natural";
        const valueOf = (item: NodeJson) =>
          key === "natural" ? Buffer.from(nameSortKey(item.name, item.kind)).toString("hex") : item[key];
        const values = items.map(valueOf);
        const sorted = values.toSorted((left, right) => Number(left > right) - Number(left < right));
        assert.deepEqual(values, sort.startsWith("-") ? sorted.toReversed() : sorted);
      },
    );
  }

  test("natural order lists folders first and numbers by value, follows renames, and counts on the first page", async () => {
    const folder = await space.mkdir("root", "natural");
    for (const name of ["file 10", "File 2", "äpfel", "zebra", "file 1"]) await space.put(folder.id, name, "x");
    await space.mkdir(folder.id, "zoo");
    const gone = await space.put(folder.id, "file 3", "x");
    await space.do({ op: "delete", fileId: gone.id });
    const names = async () => (await listAll(folder.id, { sort: "natural", limit: 2 })).map(({ name }) => name);
    assert.deepEqual(await names(), ["zoo", "äpfel", "file 1", "File 2", "file 10", "zebra"]);
    const zebra = (await list(folder.id, { sort: "-natural", limit: 1 })).items[0]!;
    await space.do({ op: "move", fileId: zebra.id, place: { parentId: folder.id, name: "File 9" } });
    assert.deepEqual(await names(), ["zoo", "äpfel", "file 1", "File 2", "File 9", "file 10"]);
    const first = await list(folder.id, { sort: "natural", limit: 2 });
    assert.equal(first.total, 6);
    assert.equal((await list(folder.id, { sort: "natural", limit: 2, cursor: first.next_cursor! })).total, undefined);
  });

  test("the first page of a recursive listing has the total count", async () => {
    const folder = await space.mkdir("root", "counted");
    const inner = await space.mkdir(folder.id, "inner");
    for (const name of ["a", "b", "c"]) await space.put(inner.id, name, "x");
    const gone = await space.mkdir(folder.id, "gone");
    await space.put(gone.id, "with it", "x");
    await space.do({ op: "delete", fileId: gone.id });
    const first = await list(folder.id, { recursive: true, limit: 2 });
    assert.equal(first.total, 4);
    assert.equal((await list(folder.id, { recursive: true, limit: 2, cursor: first.next_cursor! })).total, undefined);
  });

  test("a cursor of another order or list, or an invalid one, is refused", async () => {
    const folder = await space.mkdir("root", "cursors");
    for (let index = 0; index < 5; index++) await space.put(folder.id, `f${index}`, "x");
    const { next_cursor } = await list(folder.id, { limit: 2 });
    await assert.rejects(list(folder.id, { limit: 2, sort: "size", cursor: next_cursor! }), {
      code: "bad_request",
      field: "cursor",
    });
    await assert.rejects(list(folder.id, { limit: 2, recursive: true, cursor: next_cursor! }), { code: "bad_request" });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.json().map((text) => Buffer.from(text).toString("base64url")),
        ),
        async (cursor) => {
          if (cursor === "") return;
          for (const recursive of [false, true]) {
            await assert.rejects(list(folder.id, { cursor, recursive }), { code: "bad_request" }, cursor);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test("a recursive listing returns each node once, parents before children, with any page size", async () => {
    const top = await space.mkdir("root", "recursive");
    const expected = new Set<string>();
    const folders = [top.id];
    for (let index = 0; index < 60; index++) {
      const parent = folders[(index * 7) % folders.length]!;
      const node =
        index % 3 === 0
          ? await space.mkdir(parent, `d${index}`)
          : await space.put(parent, `f${index}`, `text ${index}`);
      if (node.kind === "folder") folders.push(node.id);
      expected.add(node.path);
    }
    for (const limit of [1, 2, 7, 59, 60, 61, 1000]) {
      const items = await listAll(top.id, { recursive: true, limit, includeBlocks: true });
      assert.deepEqual(items.map((item) => item.path).toSorted(), [...expected].toSorted());
      const seen = new Set([top.id]);
      for (const item of items) {
        assert.ok(seen.has(item.parent_id!), `${item.path} came before its folder`);
        seen.add(item.id);
        if (item.kind === "file")
          assert.equal(
            item.blocks?.reduce((sum, block) => sum + block.size, 0),
            item.size,
          );
      }
    }
  });

  test("a recursive listing continues when the folder at its position is gone", async () => {
    const top = await space.mkdir("root", "vanishing");
    const folders = [await space.mkdir(top.id, "one"), await space.mkdir(top.id, "two")];
    for (const folder of folders) {
      for (let index = 0; index < 3; index++) await space.put(folder.id, `f${index}`, "x");
    }
    const page = await list(top.id, { recursive: true, limit: 3 });
    const stands = folders.find((folder) => folder.id === page.items.at(-1)?.parent_id);
    const other = folders.find((folder) => folder !== stands);
    assert.ok(stands !== undefined && other !== undefined);
    await space.do({ op: "delete", fileId: stands.id });
    const rest = await list(top.id, { recursive: true, limit: 100, cursor: page.next_cursor! });
    assert.deepEqual(
      rest.items.map((item) => item.path).toSorted(),
      ["f0", "f1", "f2"].map((name) => `${other.path}/${name}`),
    );
  });

  test("the visible nodes are exactly those found with their rows", async () => {
    const other = await makeTestSpace(databases.shards);
    const folder = await space.mkdir("root", "in view");
    const trashed = await space.mkdir(folder.id, "trashed");
    const going = await space.mkdir("root", "going");
    const below = await space.put((await space.mkdir(going.id, "inner")).id, "below", "x");
    const live = [folder, await space.put(folder.id, "file", "x"), trashed, await space.put(trashed.id, "f", "x")];
    await space.do({ op: "delete", fileId: trashed.id });
    await sql`update shard.nodes set purged_at = 1 where space_id = ${space.caller.spaceId} and id = ${going.id}`.execute(
      space.db,
    );
    const foreign = await other.mkdir("root", "of another space");
    const all = [...live, going, below, foreign].map((node) => node.id as NodeId);
    const asked = [...all, space.caller.rootId, newTestId<NodeId>()];
    const shard = databases.shards.ofId(space.caller.spaceId);
    const visible = await findVisible(shard, space.caller, asked);
    assert.deepEqual(visible, new Set([...live.map((node) => node.id), space.caller.rootId]));
    assert.deepEqual(visible, new Set((await findNodes(databases.shards, space.caller, asked)).keys()));
    assert.deepEqual(await findVisible(shard, space.caller, []), new Set());
  });

  test("versions are listed newest first, page by page", async () => {
    const file = await space.put("root", "versioned", "one");
    for (const text of ["two", "three", "four"])
      await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
    const placed = await findNode(databases.shards, space.caller, file.id);
    const first = await listVersions(databases.shards, placed, { userId: space.caller.userId, limit: 3 });
    assert.deepEqual(
      first.items.map((item) => item.number),
      [4, 3, 2],
    );
    const rest = await listVersions(databases.shards, placed, {
      userId: space.caller.userId,
      limit: 3,
      cursor: first.next_cursor!,
    });
    assert.deepEqual(
      rest.items.map((item) => item.number),
      [1],
    );
    assert.equal(rest.next_cursor, null);
  });

  test("the trash lists directly deleted items, the latest first, with their former paths", async () => {
    const own = await makeTestSpace(databases.shards);
    const folder = await own.mkdir("root", "f");
    const inside = await own.put(folder.id, "inside", "x");
    const alone = await own.put("root", "alone", "x");
    await own.do({ op: "delete", fileId: alone.id });
    await own.do({ op: "delete", fileId: folder.id });
    const first = await listTrash(databases.shards, own.caller, { limit: 1 });
    assert.deepEqual(
      first.items.map((item) => item.path),
      ["/f"],
    );
    const second = await listTrash(databases.shards, own.caller, { limit: 1, cursor: first.next_cursor! });
    assert.deepEqual(
      second.items.map((item) => item.path),
      ["/alone"],
    );
    assert.equal(second.next_cursor, null);
    const below = await findNode(databases.shards, own.caller, inside.id);
    assert.notEqual(below.row.trashed_at, null, "a file in a deleted folder is deleted");
  });

  test("changes are listed in order up to the head, with the current state", async () => {
    const own = await makeTestSpace(databases.shards);
    const start = await startToken(databases.shards, own.caller);
    const folder = await own.mkdir("root", "f");
    const file = await own.put(folder.id, "a", "x");
    await own.do({ op: "move", fileId: file.id, place: { name: "b" } });
    await own.do({ op: "delete", fileId: folder.id });
    const changes: { kind: string; id: string; path?: string }[] = [];
    let token = start;
    for (let more = true; more;) {
      const page = await listChanges(databases.shards, own.caller, { since_token: token, limit: 1 });
      for (const change of page.changes) changes.push({ kind: change.kind, id: change.id });
      token = page.next_token;
      more = page.has_more;
    }
    assert.deepEqual(
      changes,
      [folder.id, file.id, file.id, folder.id].map((id) => ({ kind: "gone", id })),
    );
    await own.do({ op: "restore", fileId: folder.id });
    const restored = await listChanges(databases.shards, own.caller, { since_token: token });
    assert.deepEqual(
      restored.changes.map((change) => [change.kind, change.node?.path]),
      [["appeared", "/f"]],
    );
    assert.equal(restored.next_token, await startToken(databases.shards, own.caller));
  });

  test("a device's own changes are brief only if they match the current, live and visible state", async () => {
    const own = await makeTestSpace(databases.shards);
    const start = await startToken(databases.shards, own.caller);
    const told = async (caller = own.caller) => {
      const { changes } = await listChanges(databases.shards, caller, { since_token: start, own: "brief" });
      return changes.map(({ kind, node, revision }) => [kind, node?.name ?? revision]);
    };
    const folder = await own.mkdir("root", "f");
    const first = await own.put(folder.id, "a", "x");
    assert.deepEqual(await told(), [
      ["changed", folder.revision],
      ["changed", first.revision],
    ]);
    const full = [
      ["changed", "f"],
      ["changed", "a"],
    ];
    assert.deepEqual(await told(own.otherDevice()), full);
    assert.deepEqual(await told({ ...own.caller, deviceId: null }), full);
    const moved = await own.do({ op: "move", fileId: first.id, place: { name: "b" } });
    assert.deepEqual((await told()).slice(1), [
      ["changed", "b"],
      ["changed", moved.revision],
    ]);
    await own.do({ op: "delete", fileId: folder.id });
    assert.deepEqual(
      (await told()).map(([kind]) => kind),
      ["gone", "gone", "gone", "gone"],
    );
  });

  test("a token of another history, of the future or too old gets reset with the reason", async () => {
    const own = await makeTestSpace(databases.shards);
    await own.mkdir("root", "a");
    await own.mkdir("root", "b");
    const [position] = decodeToken(await startToken(databases.shards, own.caller));
    assert.ok(position);
    const ask = (changed: Partial<typeof position>) =>
      listChanges(databases.shards, own.caller, { since_token: encodeToken([{ ...position, ...changed }]) });
    const reset = (reason: string) => ({ code: "reset", body: { reason } });
    await assert.rejects(ask({ epoch: "another" }), reset("epoch"));
    await assert.rejects(ask({ seq: position.seq + 1 }), reset("epoch"));
    await assert.rejects(ask({ tag: "0".repeat(16) }), reset("epoch"));
    await assert.rejects(ask({ spaceId: newTestId() }), reset("epoch"));
    await own.db.deleteFrom("shard.journal").where("space_id", "=", own.caller.spaceId).where("seq", "=", 1).execute();
    await assert.rejects(ask({ seq: 1, tag: position.tag }), reset("expired"));
    await assert.rejects(ask({ seq: 0, tag: "" }), reset("expired"));
    assert.deepEqual((await ask({})).changes, []);
  });

  test("a cursor survives its encoding", () => {
    const position = ["name", "é\u0000\u{1f600}", 7];
    assert.deepEqual(decodeCursor(z.array(z.union([z.string(), z.number()])), encodeCursor(position)), position);
  });
});
