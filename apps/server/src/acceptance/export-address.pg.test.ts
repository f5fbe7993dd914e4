import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

describe("Signed URL for an account export", () => {
  const folder = makeFolder("export-address");
  let server: RunningServer;
  let admin: Api;
  before(async () => {
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function newPerson(name: string) {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", { ...account, name });
    const api = await Api.signIn(server.url, account);
    await api.put("/file.txt", `the first text of ${name}`);
    await api.put("/file.txt", `the second text of ${name}`, "&on_conflict=replace");
    return { ...account, api };
  }

  test("downloads the archive without a token, with or without old versions", async () => {
    const { api } = await newPerson("ida");
    await newPerson("jon");
    for (const versions of [true, false]) {
      const { url } = await ok(api, "POST", "/account/export", versions ? {} : { versions });
      const answer = await fetch(url);
      const text = await answer.text();
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/x-tar");
      assert.match(answer.headers.get("content-disposition") ?? "", /^attachment; filename="?holdfast\.tar/);
      assert.ok(text.includes("the second text of ida"));
      assert.equal(text.includes("the first text of ida"), versions);
      assert.equal(text.includes("text of jon"), false);
    }
  });

  test("ends with the session that requested it, and works for no other route", async () => {
    const { api, email, password } = await newPerson("kai");
    const { url } = await ok(api, "POST", "/account/export", {});
    const grant = url.slice(url.lastIndexOf("/") + 1);
    for (const path of [`/signed/${grant}`, `/blocks/signed/${grant}`, `/account/export/${grant}x`]) {
      const method = path.startsWith("/blocks") ? "PUT" : "GET";
      const { status } = await fetch(`${server.url}/api/v1${path}`, { method });
      assert.ok(status === 401 || status === 404, `${path}: ${status}`);
    }
    const { body: file } = await api.put("/other.txt", "o");
    const { urls } = await ok(api, "POST", "/signed-urls", { items: [{ id: file.id, use: "download" }] });
    const other = String(urls[0].url).replace(/^.*\//, "");
    assert.equal((await fetch(`${server.url}/api/v1/account/export/${other}`)).status, 401);
    assert.equal((await fetch(url, { method: "HEAD" })).status, 200);
    await ok(api, "DELETE", "/sessions/current");
    assert.equal((await fetch(url)).status, 401);
    const again = await Api.signIn(server.url, { email, password });
    assert.equal((await fetch(url)).status, 401, "another session of the same account revives nothing");
    const { url: last } = await ok(again, "POST", "/account/export", {});
    await ok(again, "DELETE", "/account", { password });
    assert.equal((await fetch(last)).status, 401);
  });

  test("requires a token with both the account and the files:read scope", async () => {
    const { api } = await newPerson("lea");
    for (const scopes of [["files:read"], ["account"]]) {
      const { token } = await ok(api, "POST", "/tokens", { name: "t", scopes });
      assert.equal((await new Api(server.url, token).call("POST", "/account/export", {})).status, 403, String(scopes));
    }
    const { token } = await ok(api, "POST", "/tokens", { name: "both", scopes: ["account", "files:read"] });
    const { url } = await ok(new Api(server.url, token), "POST", "/account/export", {});
    assert.equal((await fetch(url)).status, 200);
    assert.equal((await new Api(server.url).call("POST", "/account/export", {})).status, 401);
  });
});
