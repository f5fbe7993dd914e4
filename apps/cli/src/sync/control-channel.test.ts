import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { askRunning, tellRunning } from "./control-client.ts";
import { openControlChannel } from "./control-channel.ts";
import type { ControlChannel } from "./control-channel.ts";
import { statusOf } from "./last-status.ts";
import type { KnownSync } from "./known-syncs.ts";
import type { SyncControl, SyncReport } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-control-"));
const root = "/home/me/Drive";
const report: SyncReport = {
  root,
  server: "http://127.0.0.1:8420",
  account: "me@example.org",
  device: "laptop",
  state: "idle",
  page_url: null,
  pending_files: 0,
  last_sync_at: null,
  problems: [],
  conflicts: [],
  deletions_waiting: 0,
};
const record = { root, server: report.server, account: report.account, device: report.device, is_paused: false };
const sync = { folder, record } as KnownSync;
const told: string[] = [];
const control: SyncControl = {
  report: () => report,
  details: () => ({ progress: "", recent: [] }),
  pause: async () => void told.push("pause"),
  resume: async () => void told.push("resume"),
  waitingDeletions: () => [{ id: "a", what: "deletion", path: "x", side: "here" }],
  approveDeletions: async (ids) => void told.push(`approve ${ids.join()}`),
  undoDeletions: async (ids) => void told.push(`undo ${ids.join()}`),
};
let channel: ControlChannel;
let page: URL;
let token = "";

before(async () => {
  channel = await openControlChannel(folder, root, control);
  page = new URL(channel.pageUrl);
  token = page.searchParams.get("token") ?? "";
});
after(async () => {
  await channel.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** With any headers, which fetch would not let through. */
function send(method: string, path: string, headers: Record<string, string> = {}, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: page.port, method, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.once("error", reject).end(body);
  });
}

test("without the token there is nothing to see and nothing to steer", async () => {
  assert.equal((await send("GET", "/")).status, 401);
  assert.equal((await send("GET", "/status")).status, 401);
  assert.equal((await send("GET", "/?token=wrong")).status, 401);
  assert.equal((await send("GET", "/status", { authorization: "Bearer wrong" })).status, 401);
  assert.equal((await send("POST", "/pause", { cookie: `holdfast-${page.port}=wrong` })).status, 401);
  assert.deepEqual(told, []);
});

test("another host's name is refused even with the token", async () => {
  for (const host of ["evil.example", `localhost:${page.port}`, "127.0.0.1"]) {
    assert.equal((await send("GET", "/status", { authorization: `Bearer ${token}`, host })).status, 403, host);
    assert.equal((await send("GET", page.pathname + page.search, { host })).status, 403, host);
  }
});

test("the address opens the page once and leaves a cookie that no script and no other site gets", async () => {
  const answer = await send("GET", page.pathname + page.search);
  assert.equal(answer.status, 200);
  const [cookie = ""] = [answer.headers["set-cookie"]].flat();
  assert.match(cookie, /; HttpOnly; SameSite=Strict$/);
  assert.match(String(answer.headers["content-security-policy"]), /default-src 'none'.*script-src 'sha256-/);
  assert.equal(answer.headers["referrer-policy"], "no-referrer");
  assert.equal((await send("GET", "/", { cookie: cookie.split(";")[0] ?? "" })).status, 200);
  assert.equal((await send("POST", `/pause${page.search}`)).status, 401, "the address steers nothing");
});

test("what a browser posts counts only if it comes from the page itself", async () => {
  told.length = 0;
  const cookie = `holdfast-${page.port}=${token}`;
  assert.equal((await send("POST", "/pause", { cookie })).status, 403);
  assert.equal((await send("POST", "/pause", { cookie, origin: "http://127.0.0.1:1" })).status, 403);
  assert.equal((await send("POST", "/pause", { authorization: `Bearer ${token}`, origin: "null" })).status, 403);
  assert.deepEqual(told, []);
  assert.equal((await send("POST", "/pause", { cookie, origin: page.origin })).status, 200);
  assert.deepEqual(told, ["pause"]);
});

test("the other commands reach the client through a file that only its owner reads", async () => {
  told.length = 0;
  assert.equal(statSync(join(folder, "control.json")).mode & 0o777, 0o600);
  assert.deepEqual(await askRunning(sync), { report, deletions: control.waitingDeletions() });
  await tellRunning(sync, "deletions/approve", ["a", "b"]);
  await tellRunning(sync, "deletions/undo", ["c"]);
  assert.deepEqual(told, ["approve a,b", "undo c"]);
  assert.equal((await send("POST", "/deletions/approve", { authorization: `Bearer ${token}` }, "[]")).status, 400);
  assert.deepEqual(told, ["approve a,b", "undo c"]);
});

test("a client that was killed is known as not running, whoever listens there now", async () => {
  const left = mkdtempSync(join(tmpdir(), "holdfast-control-left-"));
  const file = JSON.parse(readFileSync(join(folder, "control.json"), "utf8"));
  const dead: KnownSync = { ...sync, folder: left };
  writeFileSync(join(left, "control.json"), JSON.stringify({ ...file, token: "of another" }));
  assert.equal(await askRunning(dead), undefined);
  writeFileSync(join(left, "control.json"), JSON.stringify({ ...file, url: "http://127.0.0.1:9" }));
  const status = await statusOf(dead);
  assert.equal(status.isRunning, false);
  assert.equal(status.report.state, "offline");
  assert.deepEqual(
    status.report.problems.map(({ code }) => code),
    ["not_running"],
  );
  rmSync(left, { recursive: true });
});
