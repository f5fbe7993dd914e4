import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { search, type SearchRequest } from "./search.ts";
import { searchAll } from "./testing-search.ts";

describe("Search of own names", () => {
  let databases: TestDatabases;
  let space: TestSpace;
  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    space = await makeTestSpace(databases.shards);
  });
  after(() => databases.stop());

  const found = async (request: SearchRequest): Promise<string[]> =>
    (await searchAll(databases.shards, space.caller, request)).map(({ path }) => path ?? "");
  const put = (parentId: string, name: string): Promise<NodeJson> => space.put(parentId, name, "x");

  test("all words must occur in the name, ignoring case and accents, and wildcards are literal", async () => {
    const folder = await space.mkdir("root", "words");
    for (const name of ["Übersicht Q3.PDF", "uebersicht.pdf", "100%_done.txt", "100 done.txt", "文件夹 备份.docx"])
      await put(folder.id, name);
    assert.deepEqual(await found({ q: "ubersicht" }), ["/words/Übersicht Q3.PDF"]);
    assert.deepEqual(await found({ q: " q3  PDF " }), ["/words/Übersicht Q3.PDF"]);
    assert.deepEqual(await found({ q: "sicht pdf", in: folder.id }), [
      "/words/uebersicht.pdf",
      "/words/Übersicht Q3.PDF",
    ]);
    assert.deepEqual(await found({ q: "0%" }), ["/words/100%_done.txt"]);
    assert.deepEqual(await found({ q: "%_done" }), ["/words/100%_done.txt"]);
    assert.deepEqual(await found({ q: "\\" }), []);
    assert.deepEqual(await found({ q: "备份" }), ["/words/文件夹 备份.docx"]);
    assert.deepEqual(await found({ q: "件" }), ["/words/文件夹 备份.docx"]);
  });

  test("filters by kind, folder, owner and time apply, and trashed nodes are not found", async () => {
    const folder = await space.mkdir("root", "narrow");
    const inner = await space.mkdir(folder.id, "narrow inner");
    await put(inner.id, "narrow photo.JPG");
    await put(folder.id, "narrow film.mp4");
    await put(folder.id, "narrow png");
    await put(folder.id, "narrow letter.odt");
    const away = await space.mkdir("root", "away");
    await put(away.id, "narrow in the trash");
    await space.do({ op: "delete", fileId: away.id });
    const names = async (request: Partial<SearchRequest>) =>
      (await found({ q: "narrow", ...request })).map((path) => path.slice(path.lastIndexOf("/") + 1)).toSorted();
    assert.deepEqual(await names({ type: "image" }), ["narrow photo.JPG"]);
    assert.deepEqual(await names({ type: "video" }), ["narrow film.mp4"]);
    assert.deepEqual(await names({ type: "document" }), ["narrow letter.odt"]);
    assert.deepEqual(await names({ type: "folder" }), ["narrow", "narrow inner"]);
    assert.equal((await names({ type: "file" })).length, 4);
    assert.deepEqual(await names({ in: inner.id }), ["narrow photo.JPG"]);
    assert.deepEqual(await names({ owner: "others" }), []);
    assert.equal((await names({ owner: "me" })).length, 6);
    assert.equal((await names({ owner: space.caller.userId })).length, 6);
    const modified = (await space.do({ op: "set", fileId: inner.id, modifiedAtMicros: 1_600_000_000_000_000 }))
      .modified_at;
    assert.match(modified, /^2020-09-13/);
    assert.deepEqual(await names({ modified: "2020-09-01..2020-10-01" }), ["narrow inner"]);
    assert.equal((await names({ modified: "2020-10-01.." })).length, 5);
    assert.deepEqual(await names({ modified: "..2020-09-13T12:26:40Z" }), []);
  });

  test("a filter without any word is a valid search", async () => {
    const folder = await space.mkdir("root", "wordless");
    await put(folder.id, "a picture.png");
    await put(folder.id, "a letter.odt");
    const all = ["/wordless/a letter.odt", "/wordless/a picture.png"];
    assert.deepEqual((await found({ in: folder.id })).toSorted(), all);
    assert.deepEqual(await found({ in: folder.id, type: "image" }), ["/wordless/a picture.png"]);
    assert.deepEqual((await found({ owner: "me", type: "document" })).includes("/wordless/a letter.odt"), true);
    assert.deepEqual(
      (await found({ modified: "2000-01-01.." })).filter((path) => path.startsWith("/wordless/")).length,
      2,
    );
    assert.deepEqual(await found({ q: " ", in: folder.id, modified: "..2000-01-01" }), []);
  });

  test("an invalid search is rejected with its field", async () => {
    const file = await put("root", "no folder");
    const refused: readonly (readonly [SearchRequest, string])[] = [
      [{ q: "  " }, "q"],
      [{}, "q"],
      [{ q: "a b c d e f g h i" }, "q"],
      [{ q: "a\0b" }, "q"],
      [{ q: "a", in: file.id }, "in"],
      [{ q: "a", modified: "yesterday" }, "modified"],
      [{ q: "a", modified: "2020-13-01.." }, "modified"],
      [{ q: "a", cursor: "x" }, "cursor"],
      [{ q: "a", cursor: Buffer.from('["", "x"]').toString("base64url") }, "cursor"],
    ];
    for (const [request, field] of refused) {
      await assert.rejects(search(databases.shards, space.caller, request), { field }, JSON.stringify(request));
    }
    const other = await makeTestSpace(databases.shards);
    await assert.rejects(search(databases.shards, other.caller, { q: "a", in: file.id }), { code: "not_found" });
    assert.deepEqual(await searchAll(databases.shards, other.caller, { q: "folder" }), []);
  });

  test("pages repeat and skip no unchanged node, for every search plan", async () => {
    const large = await makeTestSpace(databases.shards);
    const { spaceId, rootId } = large.caller;
    await sql`
      insert into shard.nodes (space_id, id, parent_id, name, name_key, sort_key, folded_name, kind, head_version, version_number, size, modified_at, revision, seq, created_at, updated_at)
      select ${spaceId}, ('01000000-0000-8007-8000-' || lpad(to_hex(g), 12, '0'))::uuid, ${rootId}, name, name, convert_to(name, 'UTF8'), name, 'file', gen_random_uuid(), 1, 0, 0, 'r', 0, 0, g % 5000
      from (select g, case when g % 5000 = 7 then 'zq rare ' else 'common ' end || g as name from generate_series(1, 12000) g) named`.execute(
      large.db,
    );
    await sql`analyze shard.nodes`.execute(large.db);
    const names = Array.from(
      { length: 12_000 },
      (_, index) => `${(index + 1) % 5000 === 7 ? "zq rare " : "common "}${index + 1}`,
    );
    for (const q of ["common", "rare", "zq", "common 299", "qz"]) {
      const items = await searchAll(databases.shards, large.caller, { q, limit: 1000 });
      const expected = names.filter((name) => q.split(" ").every((word) => name.includes(word)));
      assert.deepEqual(items.map(({ name }) => name).toSorted(), expected.toSorted(), q);
    }
    const { items } = await search(databases.shards, large.caller, { q: "rare", limit: 2 });
    assert.equal(items.length, 2);
  });
});
