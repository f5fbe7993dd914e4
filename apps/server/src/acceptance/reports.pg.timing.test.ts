import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, makeFolder, ok, removeFolder, spawnServer } from "./testing.ts";

test("a poll by a link that is disabled ends immediately", async (t) => {
  const folder = makeFolder("reports-timing");
  const server = await spawnServer({ dataFolder: `${folder}/data` });
  t.after(async () => {
    await server.stop();
    removeFolder(folder);
  });
  const admin = await Api.signIn(server.url);
  // Other load only adds time.
  let leastMs = Infinity;
  for (let round = 1; round <= 3; round += 1) {
    const node = await ok(admin, "POST", "/metadata", { path: `/polled ${round}`, kind: "folder" });
    const { id, token } = await ok(admin, "POST", `/files/${node.id}/share`, { link: true, role: "viewer" });
    await new Api(server.url).call("POST", "/links/report", { token, reason: "abuse" });
    const { items } = await ok(admin, "GET", "/admin/reports");
    const found = items.find((each: { permission_id: string }) => each.permission_id === id);
    const stranger = new Api(server.url, token);
    const { token: start } = await ok(stranger, "GET", "/changes/start_token");
    const headers = { timeout: "60" };
    const poll = stranger.call("GET", `/notifications/poll?since_token=${start}`, undefined, { headers });
    const startedMs = performance.now();
    await ok(admin, "POST", `/admin/reports/${found.id}/resolve`, { action: "disable_link" });
    assert.equal((await poll).status, 401);
    leastMs = Math.min(leastMs, performance.now() - startedMs);
  }
  // Shorter than the interval at which the server checks credentials of waiting polls.
  assert.ok(leastMs < 4000, `the poll waited ${leastMs} ms`);
});
