import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { administrator, Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

describe("API contract for scripts", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;
  let made = 0;

  before(async () => {
    folder = makeFolder("contract");
    server = await startServer({ dataFolder: join(folder, "data") });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const name = (stem: string) => `${stem} ${(made += 1)}`;
  const makeDirectory = async (parent = "root") =>
    (await api.call("POST", "/metadata", { parent_id: parent, name: name("folder"), kind: "folder" })).body;
  const makeFile = async (content: string) => (await api.put(`/${name("file")}`, content)).body;
  const headSeq = async () => (await api.call("POST", "/sync/delta", { operations: [] })).body.seq;

  for (const type of ["application/x-www-form-urlencoded", "text/plain;charset=UTF-8", "application/octet-stream"]) {
    test(`a JSON body sent as ${type} is accepted`, async () => {
      const body = JSON.stringify({ email: administrator.email, password: administrator.password });
      const { status } = await new Api(server.url).call("POST", "/sessions", undefined, {
        body,
        headers: { "content-type": type },
      });
      assert.equal(status, 200);
    });
  }

  test("a token for files only can read the account, including its bucket", async () => {
    const { body } = await api.call("POST", "/tokens", { name: "script", scopes: ["files:read"] });
    const { status, body: account } = await new Api(server.url, body.token).call("GET", "/account");
    assert.equal(status, 200);
    assert.equal(typeof account.bucket, "number");
  });

  test("permanent deletion checks seen and base_version", async () => {
    const directory = await makeDirectory();
    const seen = await headSeq();
    const other = await Api.signIn(server.url);
    await other.put(`${directory.path}/unseen`, "by another device");
    const unseen = await api.call("DELETE", `/files/${directory.id}?permanent=true&seen=${seen}`);
    assert.equal(unseen.status, 409);
    assert.equal(unseen.body.code, "subtree_changed");
    assert.equal(unseen.body.node.id, directory.id);
    const now = await headSeq();
    assert.equal((await api.call("DELETE", `/files/${directory.id}?permanent=true&seen=${now}`)).status, 204);

    const file = await makeFile("one");
    const stale = await api.call("DELETE", `/files/${file.id}?permanent=true&base_version=2`);
    assert.equal(stale.status, 409);
    assert.equal(stale.body.code, "conflict");
    assert.equal((await api.call("DELETE", `/files/${file.id}?permanent=true&base_version=1`)).status, 204);
  });

  test("a sync repeated with its idempotency key gets the first response, and another body is rejected", async () => {
    const file = await makeFile("one");
    const headers = { "idempotency-key": randomBytes(8).toString("hex") };
    const sync = (hashes: string[]) =>
      api.call("POST", `/files/${file.id}/sync`, { current_version: 1, new_block_hashes: hashes }, { headers });
    const first = await sync([hashOf("one"), hashOf("one")]);
    assert.equal(first.status, 200);
    assert.equal(first.body.version, 2);
    const again = await sync([hashOf("one"), hashOf("one")]);
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, first.body);
    const another = await sync([hashOf("one")]);
    assert.equal(another.status, 422);
    assert.equal(another.body.code, "operation_reused");
  });

  test("a sync with a key on a version that is not the head is 409 with the current node", async () => {
    const file = await makeFile("one");
    await api.put(file.path, "two", "&on_conflict=replace");
    for (const hashes of [[hashOf("one")], [hashOf("never sent")]]) {
      const headers = { "idempotency-key": randomBytes(8).toString("hex") };
      const body = { current_version: 1, new_block_hashes: hashes };
      const stale = await api.call("POST", `/files/${file.id}/sync`, body, { headers });
      assert.equal(stale.status, 409);
      assert.equal(stale.body.code, "conflict");
      assert.equal(stale.body.node.version, 2);
    }
  });

  test("splices of a sync need no file size", async () => {
    const file = await makeFile("one");
    const splices = [{ at: 1, remove: 0, insert: [{ hash: hashOf("one"), size: 3 }] }];
    const { status, body } = await api.call("POST", `/files/${file.id}/sync`, { current_version: 1, splices });
    assert.equal(status, 200);
    assert.equal(body.node.size, 6);
    assert.equal((await api.download(file.path)).body.toString(), "oneone");
  });

  test("a sync of a folder is rejected", async () => {
    const body = { current_version: 1, new_block_hashes: [] };
    const { status, body: problem } = await api.call("POST", "/files/root/sync", body);
    assert.equal(status, 422);
    assert.equal(problem.code, "invalid_field");
  });

  test("manifests are returned in the requested order", async () => {
    const files = [await makeFile("a"), await makeFile("b"), await makeFile("c")];
    for (const order of [files, files.toReversed()]) {
      const ids = order.map(({ version_id }) => version_id);
      const { body } = await api.call("POST", "/manifests", { version_ids: ids });
      assert.deepEqual(
        body.items.map((item: { version_id: string }) => item.version_id),
        ids,
      );
    }
  });

  test("media and resumable uploads below a trashed folder return that folder with 409", async () => {
    const trashed = await makeDirectory();
    const below = await makeDirectory(trashed.id);
    await api.call("DELETE", `/files/${trashed.id}`);
    for (const kind of ["media", "resumable"]) {
      const query = `uploadType=${kind}&parent_id=${below.id}&name=file`;
      const { status, body } = await api.call("POST", `/files/upload?${query}`);
      assert.equal(status, 409);
      assert.equal(body.code, "trashed");
      assert.equal(body.node.id, trashed.id);
    }
  });

  test("a resumable upload can start with query parameters only, including its size", async () => {
    const start = (query: string) => api.call("POST", `/files/upload?${query}&name=${name("query")}&size=5`);
    for (const query of ["uploadType=resumable", "resumable=true"]) {
      const { status, body } = await start(query);
      assert.equal(status, 200);
      assert.equal((await api.call("GET", `/upload/${body.upload_id}`)).body.total, 5);
    }
    const { status, body } = await start("resumable=true&size=five");
    assert.equal(status, 400);
    assert.equal(body.field, "size");
  });

  test("If-Match and If-None-Match with the last piece apply to its commit", async () => {
    const file = await makeFile("one");
    const start = async (to: object) =>
      (await api.call("POST", "/files/upload?uploadType=resumable", { size: 3, ...to })).body;
    const send = (url: string, headers: Record<string, string>) =>
      api.call("PUT", url, undefined, { body: "two", headers: { "content-range": "bytes 0-2/3", ...headers } });

    const another = await start({ file_id: file.id });
    const refused = await send(another.upload_url, { "if-match": '"another"' });
    assert.equal(refused.status, 412);
    assert.equal(refused.body.complete, true);
    assert.equal(refused.body.node.id, file.id);
    const same = await start({ file_id: file.id });
    assert.equal((await send(same.upload_url, { "if-match": `"${file.revision}"` })).body.version, 2);

    const place = { parent_id: "root", name: file.name, on_conflict: "replace" };
    const taken = await send((await start(place)).upload_url, { "if-none-match": "*" });
    assert.equal(taken.status, 412);
    assert.equal(taken.body.code, "precondition");
  });

  test("every route reports the field of a name that exists", async () => {
    const { name: taken } = await makeFile("one");
    const place = { parent_id: "root", name: taken };
    const answers = [
      await api.call("POST", "/metadata", { ...place, kind: "folder" }),
      await api.call("POST", "/files/upload?uploadType=resumable", place),
      await api.put(`/${taken}`, "two"),
      await api.call("PATCH", `/files/${(await makeDirectory()).id}`, place),
    ];
    for (const { status, body } of answers) {
      assert.equal(status, 409);
      assert.equal(body.code, "exists");
      assert.equal(body.field, "name");
    }
  });
});
