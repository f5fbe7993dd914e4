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
import { pageHtml } from "./page.ts";
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
  waitingDeletions: () => [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }],
  approveDeletions: async (ids) => void told.push(`approve ${ids.join()}`),
  undoDeletions: async (ids) => void told.push(`undo ${ids.join()}`),
};
let channel: ControlChannel;
let page: URL;
let token = "";
/** All that is not the page itself. */
const routes = [
  "GET /status",
  ...["pause", "resume", "deletions/approve", "deletions/undo"].map((each) => `POST /${each}`),
];

before(async () => {
  channel = await openControlChannel(folder, root, control);
  page = new URL(channel.pageUrl);
  token = new URLSearchParams(page.hash.slice(1)).get("token") ?? "";
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
  const body = JSON.stringify({ ids: ["a"] });
  const cookie = `holdfast-${page.port}=${token}; token=${token}; holdfast-token=${token}`;
  for (const [method = "", path = ""] of routes.map((each) => each.split(" "))) {
    for (const [means, query, headers] of [
      ["nothing", "", {}],
      ["a wrong token", "", { authorization: "Bearer wrong" }],
      ["no scheme", "", { authorization: token }],
      ["an empty token", "", { authorization: "Bearer " }],
      ["the address", `?token=${token}`, {}],
      ["a cookie", "", { cookie, origin: page.origin }],
    ] as const) {
      assert.equal(
        (await send(method, path + query, headers, method === "GET" ? "" : body)).status,
        401,
        `${method} ${path} by ${means}`,
      );
    }
  }
  assert.deepEqual(told, []);
});

test("another host's name is refused even with the token", async () => {
  for (const host of ["evil.example", `localhost:${page.port}`, "127.0.0.1"]) {
    assert.equal((await send("GET", "/status", { authorization: `Bearer ${token}`, host })).status, 403, host);
    assert.equal((await send("GET", "/", { host })).status, 403, host);
  }
});

test("anybody gets the page, and it holds neither the token nor anything of the sync, and leaves no cookie", async () => {
  assert.match(token, /^[\w-]{32}$/);
  assert.equal(page.pathname + page.search, "/", "what a browser sends of the address");
  const answer = await send("GET", "/");
  assert.equal(answer.status, 200);
  assert.equal(answer.body, pageHtml);
  assert.equal(answer.headers["set-cookie"], undefined);
  assert.ok(!JSON.stringify(answer).includes(token));
  const known = await send("GET", "/", { authorization: `Bearer ${token}` });
  assert.equal(known.body, pageHtml);
  assert.equal(known.headers["set-cookie"], undefined);
  const policy = String(answer.headers["content-security-policy"]);
  assert.match(policy, /default-src 'none'.*script-src 'sha256-[^']+'; connect-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.equal(answer.headers["referrer-policy"], "no-referrer");
});

test("what a browser posts counts only if it comes from the page itself", async () => {
  told.length = 0;
  const authorization = `Bearer ${token}`;
  for (const origin of ["null", "http://127.0.0.1:1", "http://evil.example", `https://127.0.0.1:${page.port}`]) {
    assert.equal((await send("POST", "/pause", { authorization, origin })).status, 403, origin);
  }
  assert.deepEqual(told, []);
  const answer = await send("POST", "/pause", { authorization, origin: page.origin });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["set-cookie"], undefined);
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
