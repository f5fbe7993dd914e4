import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { text as textFrom } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** link-intruders.pg.test.ts tests that ids, hashes, cursors and tokens of other objects reveal nothing. */
describe("App password for one folder", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let made = 0;

  before(async () => {
    folder = makeFolder("app-folders");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
    await owner.put("/outside.txt", "an outside story");
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const mkdir = async (path: string): Promise<string> =>
    (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id;
  const both = ["files:read", "files:write"];
  const make = async (id: string, scopes = both, password = administrator.password) => {
    const request = { name: "camera", scopes, folder_id: id, password };
    const answer = await ok(owner, "POST", "/tokens/app-passwords", request);
    return { ...answer, app: Api.withBasic(server.url, administrator.email, answer.app_password) };
  };
  const begin = async (scopes = both) => {
    const path = `/folder ${++made}`;
    const id = await mkdir(path);
    const file = (await owner.put(`${path}/inside.txt`, `an inside story ${made}`)).body;
    const { id: token, ...given } = await make(id, scopes);
    return { ...given, token: token as string, path, id, file: file.id as string };
  };
  const textOf = async (api: Api, id: string) => {
    const { status, body } = await api.call("GET", `/files/${id}/download`);
    return status === 200 ? String(body) : status;
  };

  test("has the folder as its root, where it can read and write", async () => {
    const { app, id, file, path, folder_id: told } = await begin();
    assert.equal(told, id);
    const { items } = await ok(app, "GET", "/folders/root/contents");
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      ["inside.txt"],
    );
    assert.match(String(await textOf(app, file)), /an inside story/);
    const put = await app.put("/new.txt", "by a program");
    assert.equal(put.status, 201);
    assert.equal(String((await owner.download(`${path}/new.txt`)).body), "by a program");
    const listed = (await ok(owner, "GET", "/tokens")).items.find(
      (each: { folder_id: string }) => each.folder_id === id,
    );
    assert.deepEqual([listed.kind, listed.name], ["app_password", "camera"]);
  });

  test("cannot write with the read scope, and can only add files with the write scope", async () => {
    const reading = await begin(["files:read"]);
    assert.equal((await reading.app.put("/x.txt", "x")).status, 403);
    assert.equal((await reading.app.call("DELETE", `/files/${reading.file}`)).status, 403);
    assert.match(String(await textOf(reading.app, reading.file)), /inside/);
    const writing = await begin(["files:write"]);
    const into = "/files/upload?uploadType=media&parent_id=root&name=x.txt";
    const put = await writing.app.call("POST", into, undefined, { body: "x" });
    assert.equal(put.status, 201, JSON.stringify(put.body));
    assert.equal(String((await owner.download(`${writing.path}/x.txt`)).body), "x");
    assert.equal(await textOf(writing.app, writing.file), 404);
    assert.notEqual((await writing.app.call("GET", "/folders/root/contents")).status, 200);
  });

  test("is only issued for folders that the account owns", async () => {
    const file = (await owner.put("/a file", "x")).body.id;
    const request = { name: "x", scopes: both, password: administrator.password };
    const ask = (id: string) => owner.call("POST", "/tokens/app-passwords", { ...request, folder_id: id });
    const count = async () => (await ok(owner, "GET", "/tokens")).items.length;
    const known = await count();
    assert.deepEqual([(await ask(file)).status, (await ask("0".repeat(32))).status], [422, 404]);
    const giver = { email: "giver@example.com", password: "a sentence of the giver" };
    await ok(owner, "POST", "/admin/users", giver);
    const other = await Api.signIn(server.url, giver);
    const foreign = (await ok(other, "POST", "/metadata", { path: "/given", kind: "folder" })).id;
    assert.equal((await ask(foreign)).status, 404);
    await ok(other, "POST", `/files/${foreign}/share`, { email: administrator.email, role: "editor" });
    assert.equal((await ask(foreign)).status, 422, "an editor of somebody else's");
    assert.equal(await count(), known);
  });

  test("moves and copies nothing into or out of its folder", async () => {
    const { app, id, file } = await begin();
    const outside = await owner.idOf("/outside.txt");
    const elsewhere = await mkdir("/elsewhere");
    for (const [method, path, body] of [
      ["PATCH", `/files/${file}`, { parent_id: elsewhere }],
      ["POST", `/files/${file}/copy`, { parent_id: elsewhere, name: "out" }],
      ["POST", `/files/${outside}/copy`, { parent_id: id, name: "in" }],
      ["PATCH", `/files/${outside}`, { parent_id: id }],
    ] as const) {
      assert.equal((await app.call(method, path, body)).status, 404, `${method} ${path}`);
    }
    for (const [method, body] of [
      ["DELETE", undefined],
      ["PATCH", { name: "mine" }],
    ] as const)
      assert.equal((await app.call(method, `/files/${id}`, body)).status, 403, method);
    const up = await app.call("POST", "/metadata", { path: "/../planted", kind: "folder" });
    assert.ok(up.status >= 400, String(up.status));
    assert.deepEqual((await ok(owner, "GET", `/folders/${elsewhere}/contents`)).items, []);
  });

  test("has no access to permissions, tokens, links or the account", async () => {
    const { app, id, file } = await begin();
    for (const [method, path, body] of [
      ["POST", `/files/${id}/share`, { link: true, role: "viewer" }],
      ["POST", `/files/${file}/share`, { email: "x@example.com", role: "viewer" }],
      ["GET", `/files/${id}/permissions`],
      ["POST", "/tokens", { name: "t", scopes: ["files:read"] }],
      ["GET", "/tokens"],
      ["GET", "/account"],
      ["GET", "/trash"],
      ["GET", "/recent"],
      ["GET", "/activity"],
      ["GET", `/files/${file}/comments`],
      ["POST", `/files/${id}/rewind`, { to: new Date().toISOString() }],
      ["POST", `/files/${id}/transfer`, { email: "x@example.com" }],
      ["GET", "/links/current"],
      ["GET", "/admin/users"],
    ] as const) {
      const answer = await app.call(method, path, body);
      assert.deepEqual([answer.status, answer.body.code], [403, "forbidden"], `${method} ${path}`);
    }
  });

  test("finds only its folder's content by search, changes, snapshot, zip and signed URLs", async () => {
    const { app, id, file } = await begin();
    const since = (await ok(app, "GET", "/changes/start_token")).token;
    await owner.put("/outside too.txt", "an outside story");
    await owner.call("POST", "/metadata", { path: "/outside folder", kind: "folder" });
    await app.put("/inside too.txt", "x");
    const answers = [
      await app.call("GET", "/search?q=inside"),
      await app.call("GET", "/search?q=outside"),
      await app.call("GET", `/changes/list?since_token=${encodeURIComponent(since)}`),
      await app.call("GET", "/changes/snapshot"),
      await app.call("GET", `/files/${id}/download`),
    ];
    for (const [index, { status, body }] of answers.entries()) {
      assert.equal(status, 200, `${index} ${JSON.stringify(body)}`);
      const text = Buffer.isBuffer(body) ? body.toString("latin1") : JSON.stringify(body);
      assert.ok(!text.includes("outside"), `${index}: ${text.slice(0, 500)}`);
      assert.equal(text.includes("inside"), index !== 1, String(index));
    }
    const sign = (node: string) => app.call("POST", "/signed-urls", { items: [{ id: node, use: "download" }] });
    assert.equal((await sign(await owner.idOf("/outside.txt"))).status, 404);
    const [{ url }] = (await sign(file)).body.urls;
    assert.match(await (await fetch(new URL(url, server.url))).text(), /inside/);
    const zip = await app.call("POST", "/signed-urls", { ids: [file, await owner.idOf("/outside.txt")], use: "zip" });
    assert.equal(zip.status, 404);
  });

  test("cannot reach files moved out of the folder, their versions or trashed files", async () => {
    const { app, file, path } = await begin();
    const first = await ok(app, "GET", `/files/${file}`);
    await owner.put(`${path}/inside.txt`, "second", "&on_conflict=replace");
    const away = await mkdir("/away");
    await ok(owner, "PATCH", `/files/${file}`, { parent_id: away });
    assert.equal(await textOf(app, file), 404);
    assert.equal((await app.call("GET", `/files/${file}/versions`)).status, 404);
    assert.equal((await app.call("POST", `/files/${file}/restore?version=1`)).status, 404);
    const operation = {
      op: "put",
      operation_id: randomBytes(16).toString("hex"),
      parent_id: "root",
      name: "again",
      size: first.size,
      splices: [],
      source_version: first.version_id,
    };
    const { results } = await ok(app, "POST", "/sync/delta", { operations: [operation] });
    assert.notEqual(results[0].status, "committed", JSON.stringify(results));
    const trashed = (await owner.put("/away/thrown away.txt", "x")).body.id;
    await ok(owner, "DELETE", `/files/${trashed}`);
    assert.equal((await app.call("POST", `/trash/${trashed}/restore`, {})).status, 404);
    // It can restore what it deleted.
    const own = (await app.put("/own.txt", "x")).body.id;
    await ok(app, "DELETE", `/files/${own}`);
    assert.equal((await app.call("POST", `/trash/${own}/restore`, {})).status, 200);
  });

  test("follows a moved folder, pauses while it is in the trash and ends when it is purged", async () => {
    const { app, id, file } = await begin();
    await ok(owner, "PATCH", `/files/${id}`, { parent_id: await mkdir("/moved to"), name: "another name" });
    assert.match(String(await textOf(app, file)), /inside/);
    assert.equal(
      (await ok(app, "GET", "/metadata?path=%2Finside.txt")).path,
      "/inside.txt",
      "nothing of where it lies",
    );
    await ok(owner, "DELETE", `/files/${id}`);
    assert.equal(await textOf(app, file), 404);
    assert.equal((await app.put("/x.txt", "x")).status, 404);
    await ok(owner, "POST", `/trash/${id}/restore`, {});
    assert.match(String(await textOf(app, file)), /inside/);
    await ok(owner, "DELETE", `/files/${id}`);
    await ok(owner, "DELETE", `/trash/${id}`);
    await eventually("it is over", 30_000, async () =>
      typeof (await textOf(app, file)) === "number" ? true : undefined,
    );
    assert.ok([401, 404].includes((await app.call("GET", "/folders/root/contents")).status));
  });

  test("does not see folders shared with its account, even if mounted in its folder", async () => {
    const { app, id } = await begin();
    const sharer = { email: "sharer@example.com", password: "a sentence of the sharer" };
    await ok(owner, "POST", "/admin/users", sharer);
    const api = await Api.signIn(server.url, sharer);
    const shared = (await ok(api, "POST", "/metadata", { path: "/theirs", kind: "folder" })).id;
    const inside = (await api.put("/theirs/secret.txt", "theirs")).body.id;
    await ok(api, "POST", `/files/${shared}/share`, { email: administrator.email, role: "editor" });
    await eventually("it is mounted", 30_000, async () => {
      const { status } = await owner.call("POST", "/mounts", { node_id: shared, parent_id: id });
      return status === 201 || status === 409 ? true : undefined;
    });
    assert.equal(await textOf(owner, inside), "theirs");
    for (const each of [shared, inside]) assert.equal((await app.call("GET", `/files/${each}`)).status, 404);
    const { items } = await ok(app, "GET", "/folders/root/contents?recursive=true");
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      ["inside.txt"],
    );
  });

  test("ends immediately, with its polls and signed URLs, when it or its permission is deleted", async () => {
    const [first, second] = [await begin(), await begin()];
    const since = (await ok(first.app, "GET", "/changes/start_token")).token;
    const waiting = { headers: { timeout: "60" } };
    const poll = first.app.call("GET", `/notifications/poll?since_token=${since}`, undefined, waiting);
    const request = { items: [{ id: first.file, use: "download" }] };
    const [{ url }] = (await ok(first.app, "POST", "/signed-urls", request)).urls;
    assert.equal((await fetch(new URL(url, server.url))).status, 200);
    await ok(owner, "DELETE", `/tokens/${first.token}`);
    assert.equal(await textOf(first.app, first.file), 401);
    assert.equal((await fetch(new URL(url, server.url))).status, 401);
    await ok(owner, "PATCH", `/files/${first.file}`, { name: "renamed.txt" });
    const { status, body } = await poll;
    assert.equal(status, 401, JSON.stringify(body));
    const { permission_id: permission } = second;
    await ok(owner, "DELETE", `/permissions/${permission}`);
    assert.equal(await textOf(second.app, second.file), 401, "it sees nothing more and not everything");
    const left = () => queryDatabase(`${folder}/data`, `select from shard.grants where id = '${first.permission_id}'`);
    // A job removes it each minute, and first soon after a start.
    await server.stop();
    server = await startServer({ dataFolder: `${folder}/data`, port: server.port, jobsSoon: true });
    await eventually("its permission has gone", 120_000, async () => ((await left()).length === 0 ? true : undefined));
  });

  test("ends its running upload when it is deleted", async () => {
    const { app, token, id } = await begin();
    const { port, host } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    const answer = textFrom(socket);
    const path = "/api/v1/files/upload?uploadType=media&parent_id=root&name=half.txt";
    const head = [`POST ${path} HTTP/1.1`, `Host: ${host}`, `Authorization: ${app.token}`, "Connection: close"];
    const type = ["Content-Type: application/octet-stream", "Content-Length: 10"];
    socket.write(`${[...head, ...type].join("\r\n")}\r\n\r\nhello`);
    const tokens = async (): Promise<{ id: string; last_used_at: string | null }[]> =>
      (await ok(owner, "GET", "/tokens")).items;
    await eventually("it is let in", 30_000, async () =>
      (await tokens()).find((each) => each.id === token)?.last_used_at == null ? undefined : true,
    );
    await ok(owner, "DELETE", `/tokens/${token}`);
    socket.write("world");
    assert.match(await answer, /^HTTP\/1\.1 40[14] /);
    const { items } = await ok(owner, "GET", `/folders/${id}/contents`);
    assert.ok(!items.some(({ name }: { name: string }) => name === "half.txt"));
  });

  test("cannot be extended: only the name of its permission can change", async () => {
    const { app, permission_id: permission } = await begin(["files:read"]);
    const until = new Date(Date.now() + 3600_000).toISOString();
    for (const change of [{ role: "editor" }, { password: "secret one" }, { max_downloads: 1 }, { expires_at: until }])
      assert.equal(
        (await owner.call("PATCH", `/permissions/${permission}`, change)).status,
        403,
        JSON.stringify(change),
      );
    assert.equal((await owner.call("PATCH", `/permissions/${permission}`, { name: "other" })).status, 200);
    assert.equal((await app.put("/x.txt", "x")).status, 403);
  });

  test("is listed only for the folder's owner, not for editors", async () => {
    const { id, permission_id: permission } = await begin();
    const other = { email: `editor${made}@example.com`, password: "a sentence of theirs" };
    await ok(owner, "POST", "/admin/users", other);
    await ok(owner, "PATCH", `/files/${id}`, { editors_can_share: true });
    await ok(owner, "POST", `/files/${id}/share`, { email: other.email, role: "editor" });
    const editor = await Api.signIn(server.url, other);
    const listed = async (api: Api): Promise<string[]> =>
      (await ok(api, "GET", `/files/${id}/permissions`)).items.map((each: { id: string }) => each.id);
    assert.ok((await listed(owner)).includes(permission));
    await eventually("the editor sees the folder", 30_000, async () =>
      (await editor.call("GET", `/files/${id}`)).status === 200 ? true : undefined,
    );
    assert.ok(!(await listed(editor)).includes(permission));
  });

  test("appears in the audit with its account and permission", async () => {
    const { app, permission_id: permission } = await begin();
    await app.put("/audited.txt", "x");
    const { id } = await ok(owner, "GET", "/account");
    const entry = await eventually("it is recorded", 30_000, async () => {
      const { items } = await ok(owner, "GET", "/admin/audit?limit=5000");
      return items.find((each: { credential_id?: string }) => each.credential_id === permission);
    });
    assert.deepEqual([entry.user_id, entry.credential], [id, "link"]);
  });
});
