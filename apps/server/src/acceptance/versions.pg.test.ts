import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import { Api, jobResult, makeFolder, queryDatabase, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("File versions", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;

  before(async () => {
    folder = makeFolder("versions");
    server = await startServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function putTwice(name: string) {
    await api.put(`/${name}`, "one");
    return (await api.put(`/${name}`, "two", "&on_conflict=replace")).body;
  }
  const versionsOf = async (id: string): Promise<VersionJson[]> =>
    (await api.call("GET", `/files/${id}/versions`)).body.items;

  test("contain their author and label", async () => {
    const { id } = await putTwice("a");
    const account = (await api.call("GET", "/account")).body;
    const author = { id: account.id, name: account.name };
    const unnamed = await versionsOf(id);
    assert.deepEqual(
      unnamed.map((version) => [version.number, version.author, "label" in version]),
      [
        [2, author, false],
        [1, author, false],
      ],
    );
    const labelled = await api.call("PATCH", `/files/${id}/versions/1`, { label: "as sent" });
    assert.deepEqual([labelled.status, labelled.body], [200, { ...unnamed[1], label: "as sent" }]);
    assert.deepEqual(await versionsOf(id), [unnamed[0], labelled.body]);
    const byId = await api.call("PATCH", `/files/${id}/versions/${unnamed[0]?.version_id}`, { label: "newest" });
    assert.deepEqual([byId.status, byId.body.number, byId.body.label], [200, 2, "newest"]);
    for (const nothing of [null, "", " \t "]) {
      await api.call("PATCH", `/files/${id}/versions/1`, { label: "again" });
      const { status, body } = await api.call("PATCH", `/files/${id}/versions/1`, { label: nothing });
      assert.deepEqual([status, body], [200, unnamed[1]]);
    }
  });

  test("keep the file's revision and journal unchanged when labeled", async () => {
    const { id, revision, seq } = await putTwice("b");
    const { token } = (await api.call("GET", "/changes/start_token")).body;
    await api.call("PATCH", `/files/${id}/versions/1`, { label: "x" });
    const node = (await api.call("GET", `/files/${id}`)).body;
    assert.deepEqual([node.revision, node.seq], [revision, seq]);
    const { changes } = (await api.call("GET", `/changes/list?since_token=${token}`)).body;
    assert.deepEqual(changes, []);
  });

  test("accept preconditions and idempotency keys for labels", async () => {
    const { id, revision } = await putTwice("c");
    const label = (text: string, headers: Record<string, string>, more = {}) =>
      api.call("PATCH", `/files/${id}/versions/1`, { label: text, ...more }, { headers });
    assert.equal((await label("x", { "if-match": '"another"' })).status, 412);
    assert.equal((await label("x", {}, { base_version: 1 })).status, 409);
    assert.equal((await label("x", { "if-match": `"${revision}"` }, { base_version: 2 })).status, 200);
    const key = { "idempotency-key": "label once" };
    const first = await label("first", key);
    await label("second", {});
    const repeated = await label("first", key);
    assert.deepEqual([repeated.status, repeated.body], [200, first.body]);
    assert.equal((await label("third", key)).body.code, "operation_reused");
    assert.equal((await versionsOf(id))[1]?.label, "second");
  });

  test("reject invalid labels with the wrong field", async () => {
    const { id } = await putTwice("d");
    const refused = async (version: string, body: unknown) => {
      const answer = await api.call("PATCH", `/files/${id}/versions/${version}`, body);
      return [answer.status, answer.body.code, answer.body.field];
    };
    assert.deepEqual(await refused("1", { label: "a\nb" }), [422, "invalid_field", "label"]);
    assert.deepEqual(await refused("1", { label: "\u{d800}" }), [422, "invalid_field", "label"]);
    assert.deepEqual(await refused("1", { label: "ä".repeat(128) }), [422, "invalid_field", "label"]);
    const longest = await api.call("PATCH", `/files/${id}/versions/1`, { label: `  ${"ä".repeat(127)}x\n` });
    assert.deepEqual([longest.status, longest.body.label], [200, `${"ä".repeat(127)}x`]);
    assert.deepEqual((await refused("1", {})).slice(1), ["invalid_field", "label"]);
    assert.deepEqual((await refused("1", { label: 7 })).slice(1), ["invalid_field", "label"]);
    assert.deepEqual(await refused("3", { label: "x" }), [404, "not_found", "version"]);
    assert.deepEqual(await refused("nonsense", { label: "x" }), [404, "not_found", "version"]);
    const folderId = (await api.call("POST", "/metadata", { path: "/folder", kind: "folder" })).body.id;
    assert.equal((await api.call("PATCH", `/files/${folderId}/versions/1`, { label: "x" })).status, 422);
  });

  test("keep labels and content through trash, restore, move and a rebuilt index", async () => {
    const { id } = await putTwice("e");
    await api.call("PATCH", `/files/${id}/versions/1`, { label: "kept" });
    await api.call("DELETE", `/files/${id}`);
    assert.equal((await api.call("PATCH", `/files/${id}/versions/1`, { label: "x" })).body.code, "trashed");
    await api.call("POST", `/trash/${id}/restore`, {});
    await api.call("PATCH", `/files/${id}`, { name: "moved" });
    await queryDatabase(`${folder}/data`, "truncate cell.blocks, cell.holders, cell.packs");
    await jobResult(api, "/admin/rebuild-index");
    assert.equal((await versionsOf(id))[1]?.label, "kept");
    const { body } = await api.call("GET", `/files/${id}/download?version=1`);
    assert.equal(String(body), "one");
  });
});
