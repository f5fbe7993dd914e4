import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { openControlChannel } from "./control-channel.ts";
import type { ControlChannel } from "./control-channel.ts";
import type { SyncControl, SyncReport, WaitingDeletion } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-page-"));
const resting: SyncReport = {
  root: "/home/ann/Drive",
  server: "https://drive.example",
  account: "ann@example.org",
  device: "laptop",
  state: "idle",
  page_url: null,
  pending_files: 0,
  last_sync_at: "2026-01-31T12:00:00Z",
  problems: [],
  conflicts: [],
  deletions_waiting: 0,
};
let report: SyncReport;
let deletions: WaitingDeletion[];
let told: string[];
const control: SyncControl = {
  report: () => report,
  details: () => ({
    progress: report.state === "syncing" ? "3 changes to do" : "",
    recent: [{ at: "2026-01-31T11:59:00Z", path: "notes/<b>plan</b>.txt", what: "created here, sent:" }],
  }),
  pause: async () => void (report = { ...report, state: "paused" }),
  resume: async () => void (report = { ...report, state: "idle" }),
  waitingDeletions: () => deletions,
  approveDeletions: async (ids) => {
    told.push(`approve ${ids.join()}`);
    deletions = [];
  },
  undoDeletions: async (ids) => void told.push(`undo ${ids.join()}`),
};
let channel: ControlChannel;
const browser = useBrowser({ width: 700, height: 900 });
const { takePictures } = browser;
let page: Page;
let complaints: readonly string[];

before(async () => {
  channel = await openControlChannel(folder, resting.root, control);
});
after(async () => {
  await channel.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  ({ page, complaints } = browser);
  report = resting;
  deletions = [];
  told = [];
});

test("the page shows what the sync does, forgets the token in its address, and survives a reload", async () => {
  await page.goto(channel.pageUrl);
  await page.getByRole("status").getByText("In sync").waitFor();
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), resting.root);
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
  await page.getByText("created here, sent: notes/<b>plan</b>.txt").waitFor();
  await takePictures("idle");
  await page.reload();
  await page.getByRole("status").getByText("In sync").waitFor();
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
  assert.deepEqual(await page.context().cookies(), []);
  report = { ...resting, state: "syncing", pending_files: 3 };
  await page.getByText("3 changes to do").waitFor();
  assert.deepEqual(complaints, []);
});

test("another tab needs the bare address only while one is open, and nothing of the token stays when all are closed", async () => {
  await page.goto(channel.pageUrl);
  await page.getByRole("status").getByText("In sync").waitFor();
  const second = await page.context().newPage();
  await second.goto(new URL("/", channel.pageUrl).href);
  await second.getByRole("status").getByText("In sync").waitFor();
  await second.getByRole("alert").waitFor({ state: "hidden" });
  await page.close();
  await second.reload();
  await second.getByRole("button", { name: "Pause" }).click();
  await second.getByRole("status").getByText("Paused").waitFor();
  await second.goto("about:blank");
  const third = await page.context().newPage();
  await third.goto(new URL("/", channel.pageUrl).href);
  await third.getByRole("alert").getByText("open the one that 'holdfast status' shows").waitFor();
  assert.deepEqual(await third.evaluate("[document.cookie, localStorage.length, sessionStorage.length]"), ["", 0, 0]);
  // It is open before the one that brings the token.
  await second.goto(channel.pageUrl);
  await third.getByRole("status").getByText("Paused").waitFor();
  assert.deepEqual(complaints, []);
});

test("a wrong token of one tab locks no other", async () => {
  await page.goto(channel.pageUrl);
  await page.getByRole("status").getByText("In sync").waitFor();
  const second = await page.context().newPage();
  await second.goto(new URL("/#token=wrong", channel.pageUrl).href);
  // Refused with its own, it is helped by the other.
  await second.getByRole("status").getByText("In sync").waitFor();
  await page.getByRole("button", { name: "Pause" }).waitFor();
});

test("pause and resume are one button", async () => {
  await page.goto(channel.pageUrl);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("status").getByText("Paused").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("status").getByText("In sync").waitFor();
  assert.deepEqual(complaints, []);
});

test("what waits for a person is shown, and exactly what was shown is approved", async () => {
  report = {
    ...resting,
    state: "waiting",
    problems: [{ path: "film.mkv", code: "quota", message: "Your space on the server is full." }],
    conflicts: ["plan (desktop's conflicted copy 2026-01-31).txt"],
    deletions_waiting: 2,
  };
  deletions = [
    { id: "a", what: "deletion", path: "photos/1.jpg", side: "here", kind: "file", bytes: 7 },
    { id: "b", what: "deletion", path: "photos/2.jpg", side: "server", kind: "file", bytes: 7 },
  ];
  await page.goto(channel.pageUrl);
  await page.getByText("photos/2.jpg would go on the server").waitFor();
  await page.getByRole("heading", { name: "2 deletions wait for you" }).waitFor();
  await page.getByText("film.mkv: Your space on the server is full.").waitFor();
  await page.getByText("plan (desktop's conflicted copy 2026-01-31).txt").waitFor();
  await takePictures("waiting");
  await page.getByRole("button", { name: "Delete exactly these" }).click();
  await page.getByText("photos/2.jpg").waitFor({ state: "detached" });
  assert.deepEqual(told, ["approve a,b"]);
  assert.deepEqual(complaints, []);
});

test("a page without the right token says what to open, shows and steers nothing, and takes the right address", async () => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(new URL("/", channel.pageUrl).href);
  await page.getByRole("alert").getByText("open the one that 'holdfast status' shows").waitFor();
  assert.deepEqual(asked, ["/"], "there is nothing to ask with");
  assert.deepEqual(complaints, []);
  const refused = page.waitForResponse((response) => response.status() === 401);
  await page.goto(new URL("/#token=wrong", channel.pageUrl).href);
  await refused;
  await page.getByRole("alert").getByText("open the one that 'holdfast status' shows").waitFor();
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  assert.equal(await page.getByRole("main").count(), 0);
  await takePictures("locked");
  await page.goto(channel.pageUrl);
  await page.getByRole("status").getByText("In sync").waitFor();
  await page.getByRole("alert").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(page.url(), new URL("/", channel.pageUrl).href);
});

test("what another port of this machine serves gets nothing of the token", async () => {
  const heard: string[] = [];
  const other = createServer((request, response) => {
    heard.push(JSON.stringify([request.url, request.headers]));
    response.writeHead(200, { "content-type": "text/html" }).end("<title>other</title>");
  });
  await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
  try {
    const token = channel.pageUrl.split("=")[1] ?? "";
    assert.notEqual(token, "");
    await page.goto(channel.pageUrl);
    await page.getByRole("status").getByText("In sync").waitFor();
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`);
    assert.equal(await page.title(), "other");
    assert.ok(heard.length > 0 && !heard.join().includes(token), heard.join());
    assert.deepEqual(await page.evaluate("[document.cookie, document.referrer, sessionStorage.length]"), ["", "", 0]);
  } finally {
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  }
});
