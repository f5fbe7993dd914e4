import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { askRunning, sendToRunning } from "./control-client.ts";
import { type ControlChannel, openControlChannel } from "./control-channel.ts";
import { statusOf } from "./last-status.ts";
import { limitsOf } from "./open-sync.ts";
import { type KnownSync, saveRecord } from "./known-syncs.ts";
import { actions } from "./control-acts.ts";
import { pageHtml } from "./page/page.ts";
import { digestOf, viewOf } from "./page/sync-view.ts";
import type { SyncReport } from "./report.ts";
import type { SyncControl } from "./sync-control.ts";

const configFolder = mkdtempSync(join(tmpdir(), "holdfast-control-"));
const folder = join(configFolder, "sync", "a1");
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
const record = {
  root,
  server: report.server,
  server_id: "s",
  account_id: "a",
  account: report.account,
  device: report.device,
  remote: "",
  remote_id: "r",
  brake: null,
  is_paused: false,
  limit_up: null,
  limit_down: null,
  marker: null,
};
const sync: KnownSync = { folder, record };
const calls: string[] = [];
const control: SyncControl = {
  report: () => report,
  view: () => viewOf(sync, { report, deletions: control.waitingDeletions(), limits: limitsOf(record) }),
  pause: async () => void calls.push("pause"),
  resume: async () => void calls.push("resume"),
  waitingDeletions: () => [{ id: "a", what: "deletion", path: "x", side: "here", kind: "file", bytes: 1 }],
  approveDeletions: async (ids) => void calls.push(`approve ${ids.join()}`),
  undoDeletions: async (ids) => void calls.push(`undo ${ids.join()}`),
  resolveConflict: async (path, keep) => {
    calls.push(`keep ${keep} of ${path}`);
    return {};
  },
  changeLimits: async ({ up, down }) => void calls.push(`limits ${up} ${down}`),
  approveRules: async (hash) => void calls.push(`rules ${hash}`),
  changeExclusions: async (change) => void calls.push(`exclusions ${JSON.stringify(change)}`),
};
let channel: ControlChannel;
let page: URL;
let token = "";
const routes = [
  ...["status", "view", "overview"].map((each) => `GET /${each}`),
  ...actions.flatMap((each) => [`POST /${each}`, `POST /syncs/a1/${each}`]),
];

const posts = routes.flatMap((each) => (each.startsWith("POST ") ? [each.slice("POST ".length)] : []));

function good(path: string): string {
  const bodies: Record<string, unknown> = {
    "rules/approve": { hash: "a1" },
    "conflicts/keep": { path: "a", keep: "copy" },
    limits: { up: "500K", down: "" },
    exclusions: { exclude: ["a"] },
  };
  const action = path.replace("/syncs/a1", "").slice(1);
  if (action.startsWith("deletions/")) return JSON.stringify({ ids: ["a"] });
  return bodies[action] === undefined ? "" : JSON.stringify(bodies[action]);
}

before(async () => {
  mkdirSync(folder, { recursive: true });
  await saveRecord(folder, record);
  channel = await openControlChannel({ folder, root, configFolder }, control);
  page = new URL(channel.pageUrl);
  token = new URLSearchParams(page.hash.slice(1)).get("token") ?? "";
});
after(async () => {
  await channel.close();
  rmSync(configFolder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** Sends any headers, including those that fetch forbids. */
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

test("without the token nothing is readable or controllable", async () => {
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
        (await send(method, path + query, headers, good(path))).status,
        401,
        `${method} ${path} by ${means}`,
      );
    }
  }
  assert.deepEqual(calls, []);
});

test("another host's name is rejected even with the token", async () => {
  calls.length = 0;
  for (const host of ["evil.example", `localhost:${page.port}`, "127.0.0.1"]) {
    for (const [method = "", path = ""] of ["GET /", ...routes].map((each) => each.split(" "))) {
      const answer = await send(
        method,
        path,
        { authorization: `Bearer ${token}`, host, origin: page.origin },
        good(path),
      );
      assert.equal(answer.status, 403, `${host} ${method} ${path}`);
    }
  }
  assert.deepEqual(calls, []);
});

test("the page is public, contains neither the token nor data of the sync, and sets no cookie", async () => {
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

test("a browser's POST counts only if it comes from the page itself", async () => {
  calls.length = 0;
  const authorization = `Bearer ${token}`;
  for (const origin of ["null", "http://127.0.0.1:1", "http://evil.example", `https://127.0.0.1:${page.port}`]) {
    for (const path of posts) {
      assert.equal((await send("POST", path, { authorization, origin }, good(path))).status, 403, `${origin} ${path}`);
    }
  }
  assert.deepEqual(calls, []);
  for (const path of posts) {
    const { status } = await send("POST", path, { authorization, origin: page.origin }, good(path));
    assert.equal(status, 200, path);
  }
  assert.equal(calls.length, posts.length, "the same, but for where they come from");
  calls.length = 0;
  const answer = await send("POST", "/pause", { authorization, origin: page.origin });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["set-cookie"], undefined);
  assert.deepEqual(calls, ["pause"]);
});

test("other commands reach the client through a file that only its owner can read", async () => {
  calls.length = 0;
  assert.equal(statSync(join(folder, "control.json")).mode & 0o777, 0o600);
  assert.deepEqual(await askRunning(sync), { report, deletions: control.waitingDeletions() });
  await sendToRunning(sync, "deletions/approve", { ids: ["a", "b"] });
  await sendToRunning(sync, "deletions/undo", { ids: ["c"] });
  assert.deepEqual(calls, ["approve a,b", "undo c"]);
  assert.equal((await send("POST", "/deletions/approve", { authorization: `Bearer ${token}` }, "[]")).status, 400);
  assert.deepEqual(calls, ["approve a,b", "undo c"]);
});

test("a killed client is recognized as not running, even if another program listens on its port", async () => {
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

test("an action rejects bodies that do not fit its schema", async () => {
  calls.length = 0;
  for (const [action, body] of [
    ["deletions/approve", { shown: "of what waited before" }],
    ["deletions/undo", {}],
    ["conflicts/keep", { path: "a", keep: "none" }],
    ["conflicts/keep", { path: "", keep: "copy" }],
    ["limits", { up: "fast", down: "" }],
    ["limits", { up: "10", down: "" }],
    ["exclusions", { exclude: ["../a"] }],
    ["exclusions", { include: ["/"] }],
    ["rules/approve", { hash: "a".repeat(65) }],
  ] as const) {
    const { status } = await send("POST", `/${action}`, { authorization: `Bearer ${token}` }, JSON.stringify(body));
    assert.ok(status === 400 || status === 409, `${action} ${JSON.stringify(body)}: ${status}`);
  }
  assert.deepEqual(calls, []);
  await sendToRunning(sync, "deletions/approve", { shown: digestOf(control.waitingDeletions()) });
  await sendToRunning(sync, "limits", { up: "1.5M", down: "" });
  await sendToRunning(sync, "exclusions", { exclude: ["./b/c/"], free_space: true });
  await sendToRunning(sync, "conflicts/keep", { path: "x (a's conflicted copy 2026-01-31)", keep: "both" });
  await sendToRunning(sync, "rules/approve", { hash: "a1" });
  assert.deepEqual(calls, [
    "approve a",
    "limits 1500000 null",
    `exclusions {"exclude":["b/c"],"include":[],"freesSpace":true}`,
    "keep both of x (a's conflicted copy 2026-01-31)",
    "rules a1",
  ]);
});

test("a key reaches only syncs of this configuration", async () => {
  calls.length = 0;
  for (const path of ["/syncs/b2/pause", "/syncs/..%2Fa1/pause", "/syncs/a1/delete", "/syncs//pause", "/delete"]) {
    assert.equal((await send("POST", path, { authorization: `Bearer ${token}` })).status, 404, path);
  }
  assert.deepEqual(calls, []);
});
