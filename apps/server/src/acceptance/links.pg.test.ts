import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import {
  Api,
  type ApiAnswer,
  endSoon,
  eventually,
  makeFolder,
  ok,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";
import { linkMaker, readFileBy } from "./testing-links.ts";

describe("Links", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let owner: Api;

  before(async () => {
    folder = makeFolder("links");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    const account = { email: "owner@example.com", password: "the password of the owner" };
    await ok(admin, "POST", "/admin/users", { ...account, name: "Olive Owner" });
    owner = await Api.signIn(server.url, account);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const { mkdir, put, makeLink } = linkMaker(() => owner);
  const putIn = (api: Api, parent: string, name: string, content: string) =>
    api.call("POST", `/files/upload?uploadType=media&parent_id=${parent}&name=${name}`, undefined, {
      body: content,
      headers: { "content-type": "application/octet-stream" },
    });

  test("a viewer's link reads its folder and everything below, with paths from that folder, but nothing outside", async () => {
    const top = await mkdir("/above/shown");
    const low = await mkdir("/above/shown/low");
    const file = await put("/above/shown/low/file.txt", "the content");
    const beside = await put("/above/beside.txt", "not shown");
    const { api } = await makeLink(top);
    const current = await ok(api, "GET", "/links/current");
    assert.deepEqual(
      [current.node.id, current.node.path, current.node.parent_id, current.role, current.owner_name],
      [top, "/", null, "viewer", "Olive Owner"],
    );
    assert.deepEqual([current.has_password, current.expires_at, current.downloads_left], [false, null, null]);
    assert.equal((await ok(api, "GET", "/files/root")).id, top);
    assert.equal((await ok(api, "GET", "/metadata?path=/low/file.txt")).id, file.id);
    assert.equal(await readFileBy(api, file.id), "the content");
    const { items } = await ok(api, "GET", `/folders/root/contents`);
    assert.deepEqual(
      items.map(({ id, path }: { id: string; path: string }) => [id, path]),
      [[low, "/low"]],
    );
    const snapshot = await ok(api, "GET", "/changes/snapshot");
    assert.deepEqual(new Set(snapshot.items.map(({ id }: { id: string }) => id)), new Set([top, low, file.id]));
    for (const id of [beside.id, beside.parent_id]) assert.equal((await api.call("GET", `/files/${id}`)).status, 404);
    assert.equal((await api.call("GET", "/metadata?path=/above/beside.txt")).status, 404);
    assert.equal((await putIn(api, top, "new", "x")).status, 403);
    assert.equal((await api.call("GET", "/account")).status, 403);
  });

  test("the owner and the creator can read a link's URL again, even after changes of the link", async () => {
    const email = "eve@example.com";
    await ok(admin, "POST", "/admin/users", { email, password: "the password of the editor", name: "Eve" });
    const editor = await Api.signIn(server.url, { email, password: "the password of the editor" });
    const top = await mkdir("/addresses");
    const given = await ok(owner, "POST", `/files/${top}/share`, { email, role: "editor" });
    const make = (api: Api, more = {}) =>
      ok(api, "POST", `/files/${top}/share`, { link: true, role: "viewer", ...more });
    const [owners, editors, guarded] = [await make(owner), await make(editor), await make(owner, { password: "open" })];
    const read = (api: Api, { id }: { id: string }) => api.call("POST", `/permissions/${id}/link`);
    for (const [api, link] of [
      [owner, owners],
      [owner, editors],
      [owner, guarded],
      [editor, editors],
    ] as const) {
      await ok(owner, "PATCH", `/permissions/${link.id}`, { name: "renamed", max_downloads: 3 });
      const { status, body } = await read(api, link);
      assert.deepEqual([status, body], [200, { token: link.token, url: `${server.url}/s/${link.token}` }]);
    }
    assert.equal((await read(editor, owners)).status, 403, "somebody else's");
    assert.equal((await read(owner, given)).body.code, "invalid_field", "no link");
    const viaLink = new Api(server.url, owners.token);
    assert.equal((await read(viaLink, owners)).status, 403);
    await ok(owner, "PATCH", `/files/${top}`, { editors_can_share: false });
    assert.equal((await read(editor, editors)).status, 403, "editors may not share any more");
    assert.equal((await read(owner, editors)).status, 200);
    await ok(owner, "PATCH", `/permissions/${given.id}`, { role: "viewer" });
    assert.equal((await read(editor, editors)).status, 404);
    await queryDatabase(`${folder}/data`, `update shard.grants set secret_hash = '\\x00' where id = '${owners.id}'`);
    assert.equal((await read(owner, owners)).body.code, "conflict", "of an earlier version");
    await ok(owner, "DELETE", `/permissions/${guarded.id}`);
    assert.equal((await read(owner, guarded)).status, 404);
  });

  test("an editor's link changes files, and the link is their author in journal and versions", async () => {
    const top = await mkdir("/edited");
    const { api, id } = await makeLink(top, { role: "editor" });
    const made = await putIn(api, "root", "made.txt", "made");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.path, "/made.txt");
    assert.equal(await readFileBy(owner, made.body.id), "made");
    assert.equal((await ok(api, "PATCH", `/files/${made.body.id}`, { name: "renamed.txt" })).name, "renamed.txt");
    const { results } = await ok(api, "POST", "/sync/delta", {
      operations: [{ op: "mkdir", operation_id: "a".repeat(32), parent_id: top, name: "by batch" }],
    });
    assert.equal(results[0].status, "committed", JSON.stringify(results));
    const { items } = await ok(owner, "GET", `/files/${made.body.id}/versions`);
    assert.deepEqual(items[0].author, { id, name: "(link)" });
    assert.equal((await api.call("PATCH", `/files/${top}`, { name: "mine" })).status, 403);
    assert.equal((await api.call("DELETE", `/files/${top}`)).status, 403);
    assert.equal((await api.call("POST", `/files/${top}/share`, { link: true, role: "viewer" })).status, 403);
    assert.equal((await api.call("DELETE", `/files/${made.body.id}?permanent=true`)).status, 403);
    await ok(api, "DELETE", `/files/${made.body.id}`);
    await ok(api, "POST", `/trash/${made.body.id}/restore`, {});
  });

  test("an uploader's link accepts files and shows none", async () => {
    const top = await mkdir("/box");
    const held = await put("/box/taken.txt", "of the owner");
    const { api } = await makeLink(top, { role: "uploader" });
    assert.equal((await ok(api, "GET", "/links/current")).node.name, "box");
    assert.equal((await api.call("GET", "/folders/root/contents")).status, 404);
    assert.equal(await readFileBy(api, held.id), 404);
    const made = await putIn(api, "root", "taken.txt", "of a stranger");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    assert.equal(made.body.name, "taken.txt");
    assert.equal(await readFileBy(owner, held.id), "of the owner");
    assert.equal(await readFileBy(api, made.body.id), 404);
    for (const query of ["", "&on_conflict=replace", "&on_conflict=rename"]) {
      const byPath = await api.put("/taken.txt", "of a stranger", query);
      assert.deepEqual([byPath.status, byPath.body.name], [201, "taken.txt"], JSON.stringify(byPath.body));
    }
    const begun = await ok(api, "POST", "/files/upload?uploadType=resumable", { path: "/pieces.txt", size: 3 });
    const ended = await api.call("PUT", begun.upload_url, undefined, { body: "abc" });
    assert.deepEqual([ended.status, ended.body.name], [201, "pieces.txt"]);
    await mkdir("/box/hidden");
    assert.equal((await api.put("/hidden/into.txt", "x")).status, 404);
    assert.equal((await api.put("/none/into.txt", "x")).status, 404);
    assert.equal(await readFileBy(owner, held.id), "of the owner");
    const { items } = await ok(owner, "GET", `/folders/${top}/contents`);
    assert.equal(items.length, 7);
  });

  test("a link to a file cannot have the role uploader", async () => {
    const { id: file } = await put("/alone.txt", "of the owner");
    const refused = await owner.call("POST", `/files/${file}/share`, { link: true, role: "uploader" });
    assert.deepEqual([refused.status, refused.body.field], [422, "role"]);
    const link = await ok(owner, "POST", `/files/${file}/share`, { link: true, role: "viewer" });
    const changed = await owner.call("PATCH", `/permissions/${link.id}`, { role: "uploader" });
    assert.deepEqual([changed.status, changed.body.field], [422, "role"]);
    assert.equal((await ok(owner, "PATCH", `/permissions/${link.id}`, { role: "editor" })).role, "editor");
  });

  test("ended links get the same response as unknown links", async () => {
    const top = await mkdir("/ending");
    const account = { email: "suspended@example.com", password: "the password of another" };
    const user = await ok(admin, "POST", "/admin/users", account);
    const other = await Api.signIn(server.url, account);
    const theirs = (await ok(other, "POST", "/metadata", { path: "/theirs", kind: "folder" })).id;
    const suspended = await ok(other, "POST", `/files/${theirs}/share`, { link: true, role: "viewer" });
    const revoked = await makeLink(top);
    const short = await makeLink(top, { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    for (const { api } of [revoked, short]) assert.equal((await api.call("GET", "/files/root")).status, 200);
    const soon = await endSoon((expires_at) => owner.call("PATCH", `/permissions/${short.id}`, { expires_at }));
    assert.equal(soon.status, 200);
    await ok(owner, "DELETE", `/permissions/${revoked.id}`);
    await ok(admin, "PATCH", `/admin/users/${user.id}`, { disabled: true });
    const flip = (token: string) => token.slice(0, -2) + (token.endsWith("AA") ? "BB" : "AA");
    const good = await makeLink(top);
    const unknown = `hfl_${"0".repeat(32)}_${"A".repeat(43)}`;
    const told = new Set<string>();
    await eventually("the link has ended", 60_000, async () =>
      (await short.api.call("GET", "/files/root")).status === 401 ? true : undefined,
    );
    for (const token of [revoked.token, short.token, suspended.token, flip(good.token), unknown]) {
      const { status, body, headers } = await new Api(server.url, token).call("GET", "/files/root");
      const { request_id: _, ...rest } = body;
      told.add(JSON.stringify([status, rest, headers.get("content-length")]));
    }
    assert.equal(told.size, 1, [...told].join("\n"));
    assert.match([...told][0] ?? "", /^\[401,/);
  });

  test("a link's password gives access for 15 minutes, and only until the password changes", async () => {
    const top = await mkdir("/locked");
    const { api, token, id } = await makeLink(top, { password: "open sesame" });
    assert.equal((await api.call("GET", "/files/root")).status, 401);
    const stranger = new Api(server.url);
    const ask = (password: string, asked = token) =>
      stranger.call("POST", "/links/session", { token: asked, password });
    const wrong = await ask("wrong");
    const unknown = await ask("open sesame", `hfl_${"0".repeat(32)}_${"A".repeat(43)}`);
    assert.deepEqual([wrong.status, unknown.status], [401, 401]);
    assert.equal(wrong.body.detail, unknown.body.detail);
    const session = (await ask("open sesame")).body;
    assert.equal(session.expires_in, 900);
    const opened = new Api(server.url, session.access_token);
    assert.equal((await ok(opened, "GET", "/links/current")).has_password, true);
    assert.equal((await ok(opened, "GET", "/files/root")).id, top);
    const altered = session.access_token.replace(/_(\d+)_/, (_: string, until: string) => `_${Number(until) + 60}_`);
    assert.equal((await new Api(server.url, altered).call("GET", "/files/root")).status, 401);
    await ok(owner, "PATCH", `/permissions/${id}`, { password: "open barley" });
    assert.equal((await opened.call("GET", "/files/root")).status, 401);
    const again = new Api(server.url, (await ask("open barley")).body.access_token);
    assert.equal((await again.call("GET", "/files/root")).status, 200);
    await ok(owner, "DELETE", `/permissions/${id}`);
    assert.equal((await again.call("GET", "/files/root")).status, 401);
  });

  test("repeated wrong passwords get 429, without blocking other links", async () => {
    const top = await mkdir("/guessed");
    const guessed = await makeLink(top, { password: "hard to guess" });
    const other = await makeLink(top, { password: "another" });
    const stranger = new Api(server.url);
    const statuses: number[] = [];
    for (let guess = 0; guess < 30 && statuses.at(-1) !== 429; guess += 1) {
      const { status } = await stranger.call("POST", "/links/session", { token: guessed.token, password: `${guess}` });
      statuses.push(status);
    }
    assert.equal(statuses[0], 401);
    assert.equal(statuses.at(-1), 429, statuses.join());
    const { status } = await stranger.call("POST", "/links/session", { token: other.token, password: "another" });
    assert.equal(status, 200);
  });

  test("downloads by a link are cut when the link ends or its password changes, and new requests are rejected", async () => {
    const top = await mkdir("/running");
    const content = randomBytes(40 * 1024 * 1024);
    const file = (await owner.put("/running/large", content)).body;
    const blocks = (await ok(owner, "GET", `/files/${file.id}/manifest`)).blocks;
    const items = [{ version_id: file.version_id, hashes: blocks.map(({ hash }: { hash: string }) => hash) }];
    const api = (path: string, token: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      return fetch(`${server.url}/api/v1${path}`, { ...init, headers });
    };
    const asked = { method: "POST", body: JSON.stringify({ items }) };
    const session = async ({ token }: { token: string }) =>
      (await ok(new Api(server.url), "POST", "/links/session", { token, password: "p" })).access_token;
    const byForm = async ({ url }: { url: string }) => {
      const page = await fetch(url, { method: "POST", body: new URLSearchParams({ password: "p" }) });
      if (page.status !== 200) return page;
      const address = /href="([^"]*\/files\/[^"]*)"/.exec((await page.text()).replaceAll("&amp;", "&"))?.[1];
      return fetch(new URL(address ?? "", url));
    };
    type Made = Awaited<ReturnType<typeof makeLink>>;
    const revoke = (link: Made) => owner.call("DELETE", `/permissions/${link.id}`);
    const expire = async (link: Made) => {
      const given = await endSoon((expires_at) => owner.call("PATCH", `/permissions/${link.id}`, { expires_at }));
      const isOver = async () => (await link.api.call("GET", "/files/root")).status === 401 || undefined;
      await eventually("the link has ended", 60_000, isOver);
      return given;
    };
    const change = (link: Made) => owner.call("PATCH", `/permissions/${link.id}`, { password: "another" });
    const cases: [
      string,
      Record<string, unknown>,
      (link: Made) => Promise<Response>,
      (link: Made) => Promise<ApiAnswer>,
    ][] = [
      ["a file of a link that is removed", {}, ({ token }) => api(`/files/${file.id}/download`, token), revoke],
      ["a zip of a link that ends", {}, ({ token }) => api(`/files/${top}/download`, token), expire],
      ["blocks of a link that is removed", {}, ({ token }) => api("/blocks/fetch", token, asked), revoke],
      [
        "a file after its link's password was changed",
        { password: "p" },
        async (link) => api(`/files/${file.id}/download`, await session(link)),
        change,
      ],
      ["a zip of the page after the password was changed", { password: "p" }, byForm, change],
    ];
    for (const [what, fields, begin, end] of cases) {
      const link = await makeLink(top, fields);
      const running = await begin(link);
      assert.equal(running.status, 200, what);
      const reader = running.body?.getReader();
      assert.ok(reader !== undefined);
      let receivedBytes = (await reader.read()).value?.length ?? 0;
      assert.ok((await end(link)).status < 300, what);
      await assert.rejects(async () => {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          receivedBytes += value.length;
        }
      }, `${what}: all of it came`);
      assert.ok(receivedBytes < content.length, `${what}: ${receivedBytes} bytes came`);
      assert.ok((await begin(link).catch(() => ({ status: 401 }))).status >= 400, what);
    }
  });

  test("a link follows its moved folder, pauses while the folder is in the trash and ends with it", async () => {
    const top = await mkdir("/moves/from");
    const elsewhere = await mkdir("/moves/elsewhere");
    const file = await put("/moves/from/file", "content");
    const beside = await put("/moves/beside", "beside");
    const link = await makeLink(top);
    const { api } = link;
    const status = async (path: string) => (await api.call("GET", path)).status;
    await ok(owner, "PATCH", `/files/${top}`, { parent_id: elsewhere, name: "renamed" });
    assert.equal((await ok(api, "GET", "/links/current")).node.name, "renamed");
    assert.deepEqual([await readFileBy(api, file.id), await status(`/files/${elsewhere}`)], ["content", 404]);
    for (const id of [top, elsewhere]) {
      await ok(owner, "DELETE", `/files/${id}`);
      for (const path of ["/links/current", "/files/root", "/folders/root/contents", `/files/${file.id}/download`])
        assert.equal(await status(path), 404, `${path} of what lies in the trash`);
      assert.equal((await fetch(link.url)).status, 404);
      assert.equal((await fetch(`${link.url}/files/${file.id}`)).status, 404);
      await ok(owner, "POST", `/trash/${id}/restore`, {});
      assert.equal(await readFileBy(api, file.id), "content");
      assert.equal((await fetch(link.url)).status, 200);
    }
    await ok(owner, "PATCH", `/files/${file.id}`, { parent_id: elsewhere });
    await ok(owner, "PATCH", `/files/${beside.id}`, { parent_id: top });
    assert.deepEqual([await readFileBy(api, file.id), await readFileBy(api, beside.id)], [404, "beside"]);
    await ok(owner, "DELETE", `/files/${top}?permanent=true`);
    assert.ok([401, 404].includes(await status("/files/root")), "it is gone for good");
    assert.equal((await fetch(link.url)).status, 404);
  });

  test("an upload by a link is rejected after the link has ended, and adds no file", async () => {
    const top = await mkdir("/uploaded");
    const link = await makeLink(top, { role: "editor" });
    const begun = await ok(link.api, "POST", "/files/upload?uploadType=resumable", {
      name: "late",
      size: 6,
      parent_id: top,
    });
    const piece = (range: string, body: string) =>
      link.api.call("PUT", `/upload/${begun.upload_id}`, undefined, { body, headers: { "content-range": range } });
    assert.equal((await piece("bytes 0-2/6", "abc")).status, 308);
    await owner.call("DELETE", `/permissions/${link.id}`);
    assert.equal((await piece("bytes 3-5/6", "def")).status, 401);
    assert.deepEqual((await ok(owner, "GET", `/folders/${top}/contents`)).items, []);
  });

  test("a poll with a link ends immediately when the link does", async () => {
    const top = await mkdir("/watched");
    const { api, id } = await makeLink(top);
    const { token } = await ok(api, "GET", "/changes/start_token");
    const poll = api.call("GET", `/notifications/poll?since_token=${token}`, undefined, { headers: { timeout: "50" } });
    const changed = await api.call("GET", `/changes/list?since_token=${token}`);
    assert.equal(changed.status, 200, JSON.stringify(changed.body));
    await ok(owner, "DELETE", `/permissions/${id}`);
    assert.equal((await poll).status, 401);
  });
});
