import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Api, makeFolder, ok, queueWorked, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Polls report what the change feed reports, and no other event of the space. */
describe("Polls of shared folders", () => {
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let other: Api;
  let top: string;
  let low: string;

  before(async () => {
    folder = makeFolder("quiet-polls");
    server = await startServer({ dataFolder: `${folder}/data` });
    const admin = await Api.signIn(server.url);
    const join = async (email: string) => {
      const account = { email, password: `what ${email.split("@")[0]} alone knows` };
      assert.equal((await admin.call("POST", "/admin/users", { ...account, name: email })).status, 201);
      return Api.signIn(server.url, account);
    };
    owner = await join("owner@example.com");
    other = await join("other@example.com");
    const mkdir = async (path: string) =>
      (await ok(owner, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string;
    top = await mkdir("/shared");
    low = await mkdir("/shared/low");
    await ok(owner, "POST", `/files/${top}/share`, { email: "other@example.com", role: "viewer" });
    await ok(owner, "POST", `/files/${low}/share`, { email: "other@example.com", role: "uploader" });
    await ok(other, "POST", "/mounts", { node_id: top });
    // Notices of the grants also answer a poll.
    await queueWorked(`${folder}/data`);
  });

  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const token = async () => {
    const { token: since } = await ok(other, "GET", "/changes/start_token");
    return since as string;
  };
  const poll = (since: string, seconds: number) =>
    other.call("GET", `/notifications/poll?since_token=${since}`, undefined, { headers: { timeout: `${seconds}` } });
  const puts = (parent: string, count: number) =>
    ok(owner, "POST", "/sync/delta", {
      operations: Array.from({ length: count }, (_, index) => ({
        operation_id: `${parent.slice(0, 8)}${String(sent++).padStart(24, "0")}`,
        op: "put",
        parent_id: parent,
        name: `f${sent} ${index}`,
        size: 0,
        blocks: [],
      })),
    });
  let sent = 0;

  test("do not wake for changes in a write-only subfolder, even for 250 of them", async () => {
    const since = await token();
    await puts(low, 1);
    assert.equal((await poll(since, 1)).status, 204, "one that was there before the poll");
    const held = poll(since, 1);
    await puts(low, 250);
    assert.equal((await held).status, 204, "many that came while it was held");
    const { results } = await puts(top, 1);
    const woken = await poll(since, 30);
    assert.deepEqual([woken.status, woken.body.file_id], [200, results[0].node.id]);
  });

  test("return the visible change, even if hidden ones follow", async () => {
    const since = await token();
    const { results } = await puts(top, 1);
    await puts(low, 150);
    const woken = await poll(since, 30);
    assert.deepEqual([woken.status, woken.body.file_id], [200, results[0].node.id]);
  });
});
