import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { eventually, launcher } from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";
import { isLongTier } from "@holdfast/tools/tiers";
import { fitted, formatLocalTime } from "../output/text.ts";
import { saveCleared } from "../sync/cleared-folders.ts";
import { newSyncFolder, saveRecord } from "../sync/known-syncs.ts";
import { saveLastStatus } from "../sync/last-status.ts";
import { openControlChannel } from "../sync/control-channel.ts";
import { limitsOf } from "../sync/open-sync.ts";
import { viewOf } from "../sync/page/sync-view.ts";
import type { HowFar } from "../sync/progress-meter.ts";
import type { SyncReport } from "../sync/report.ts";
import type { SyncControl } from "../sync/sync-control.ts";
import { runHere } from "./testing-run.ts";

test("status shows each sync with the first of many similar problems, and with --all every one", async (t) => {
  const config = mkdtempSync(join(tmpdir(), "holdfast-status-"));
  t.after(() => rmSync(config, { recursive: true }));
  const whose = { root: "/my drive", server: "https://drive.example", account: "ann@example.org", device: "laptop" };
  const folder = await newSyncFolder(config);
  const ids = { server_id: "s", account_id: "a", remote: "", remote_id: "r", marker: "1" };
  await saveRecord(folder, { ...whose, ...ids, brake: null, is_paused: false, limit_up: null, limit_down: null });
  const paths = Array.from({ length: 16_785 }, (_, at) => `photos/${at}.jpg`);
  const message = "The disk is full.";
  const problems = [
    ...paths.map((path) => ({ path, code: "store_full", message })),
    { path: "a b", code: "unreadable", message: "It cannot be read." },
  ];
  const conflicts = paths.slice(0, 2000);
  const counts = { pending_files: 3, last_sync_at: "2026-01-31T12:00:00Z", deletions_waiting: 20_000 };
  const report = { ...whose, ...counts, state: "waiting" as const, page_url: null, problems, conflicts };
  await saveLastStatus(folder, { report, deletions: [] });

  const head = (time: string): string[] => [
    "/my drive: not running",
    "  ann@example.org at https://drive.example, as laptop",
    `  last in sync ${time}, changes since then have not been checked`,
    "  20,000 deletions wait for you: 'holdfast deletes' shows them",
    "  2,000 conflicted copies: 'holdfast conflicts ls' shows them",
    "  ! This sync is not running, and no login for https://drive.example is stored. Sign in with: holdfast login https://drive.example, or set HOLDFAST_TOKEN, then start the sync with: holdfast sync '/my drive'",
    "  ! 16,785 files: The disk is full.",
  ];
  const advice = head("")
    .slice(5, 6)
    .map((line) => fitted(line, 80));
  const onScreen = [...head(formatLocalTime(counts.last_sync_at)).slice(0, 5), ...advice.flat(), ...head("").slice(6)];
  const environment = { HOLDFAST_CONFIG_DIR: config };
  const shownOf = async (columns?: number, ...flags: string[]): Promise<string[]> => {
    const { code, stdout } = await runHere(environment, ["status", ...flags], columns === undefined ? {} : { columns });
    assert.equal(code, 0);
    return stdout.trimEnd().split("\n");
  };
  const first = [
    ...paths.slice(0, 20).map((path) => `      ${path}`),
    "      and 16,765 more: 'holdfast status --all' lists them",
    "  ! a b: It cannot be read.",
  ];
  const each = [...paths.map((path) => `      ${path}`), "  ! a b: It cannot be read."];
  assert.deepEqual(await shownOf(80), [...onScreen, ...first]);
  assert.deepEqual(await shownOf(80, "--all"), [...onScreen, ...each]);
  const narrow = await shownOf(40);
  assert.deepEqual(
    narrow.filter((line) => line.length >= 40),
    [],
  );
  assert.deepEqual(narrow.slice(4, 8), [
    "    changes since then have not been",
    "    checked",
    "  20,000 deletions wait for you:",
    "    'holdfast deletes' shows them",
  ]);
  assert.deepEqual(await shownOf(), [...head("2026-01-31 12:00:00Z"), ...first]);
  assert.deepEqual(await shownOf(undefined, "--all"), [...head("2026-01-31 12:00:00Z"), ...each]);
  const { syncs } = JSON.parse((await shownOf(undefined, "--json")).join("\n")) as { syncs: SyncReport[] };
  assert.equal(syncs[0]?.problems.length, 16_787, "those of the report, and that it is not running");
});

test("status shows a running sync in each of its states, with its progress while it syncs", async (t) => {
  const config = mkdtempSync(join(tmpdir(), "holdfast-status-"));
  t.after(() => rmSync(config, { recursive: true }));
  const folder = await newSyncFolder(config);
  const whose = { root: "/drive", server: "https://drive.example", account: "ann@example.org", device: "laptop" };
  const ids = { server_id: "s", account_id: "a", remote: "", remote_id: "r", marker: "1" };
  const record = { ...whose, ...ids, brake: null, is_paused: false, limit_up: null, limit_down: null };
  await saveRecord(folder, record);
  const counts = { pending_files: 0, last_sync_at: "2026-01-31T12:00:00Z", deletions_waiting: 0 };
  let report: SyncReport = { ...whose, ...counts, state: "idle", page_url: null, problems: [], conflicts: [] };
  const progress = {
    share: 0.4567,
    bytesPerSecond: 12_000_000,
    secondsLeft: 80,
    bytes: { done: 2 ** 30, of: 3 * 2 ** 30 },
    changes: { done: 1234, of: 3000 },
    pendingFiles: 1766,
    looked: "",
    names: ["photos/a.jpg", "photos/b.jpg", "photos/c.jpg", "photos/d.jpg"],
  };
  let far: Partial<HowFar> = {};
  const none = () => assert.fail("status changes nothing");
  const control: SyncControl = {
    report: () => report,
    view: () =>
      viewOf(
        { folder, record },
        { report, deletions: [], limits: limitsOf(record), progress: { ...progress, ...far } },
      ),
    waitingDeletions: () => [],
    pause: none,
    resume: none,
    approveDeletions: none,
    undoDeletions: none,
    resolveConflict: none,
    changeLimits: none,
    approveRules: none,
    changeExclusions: none,
  };
  const channel = await openControlChannel({ folder, root: whose.root, configFolder: config }, control);
  t.after(() => channel.close());
  const shownIn = async (changed: Partial<SyncReport>): Promise<string[]> => {
    report = { ...report, ...counts, ...changed };
    const { stdout } = await runHere({ HOLDFAST_CONFIG_DIR: config }, ["status"], { columns: 80 });
    return stdout.trimEnd().split("\n");
  };
  const whoseLine = "  ann@example.org at https://drive.example, as laptop";
  const time = formatLocalTime(counts.last_sync_at);
  const head = (state: string, todo: string) => [`/drive: ${state}`, whoseLine, `  last in sync ${time}, ${todo}`];

  assert.deepEqual(await shownIn({ state: "idle" }), head("in sync", "nothing left to do"));
  assert.equal((await shownIn({ state: "paused", last_sync_at: null }))[2], "  not in sync yet");
  assert.deepEqual(await shownIn({ state: "syncing", pending_files: 1766 }), [
    ...head("syncing", "1,766 changes left"),
    "  45 %, 1,234 of 3,000 changes, 1.0 GiB of 3.0 GiB, 11 MiB/s, 1:20 left",
    "    photos/a.jpg",
    "    photos/b.jpg",
    "    photos/c.jpg",
  ]);
  far = { share: undefined, secondsLeft: undefined, bytesPerSecond: 0, bytes: { done: 0, of: 0 }, names: [] };
  far = { ...far, changes: { done: 0, of: 0 }, pendingFiles: 0 };
  assert.deepEqual(await shownIn({ state: "syncing" }), head("syncing", "looking for changes"));
  far = { ...far, looked: "looking for changes: 12,400 files seen, 310 read" };
  assert.deepEqual((await shownIn({ state: "syncing", last_sync_at: null })).slice(1), [
    whoseLine,
    "  not in sync yet, looking for changes: 12,400 files seen, 310 read",
  ]);
  far = { share: 0.1, pendingFiles: 402, changes: { done: 0, of: 0 }, looked: "" };
  assert.equal((await shownIn({ state: "syncing" }))[2], `  last in sync ${time}, 402 changes, 2.0 GiB left`);
  far = { share: 0 };
  assert.ok(!(await shownIn({ state: "syncing", pending_files: 1766 })).join("\n").includes("0 %"));
  assert.deepEqual(
    await shownIn({ state: "paused", pending_files: 3 }),
    head("paused", "changes since then have not been checked"),
  );
  assert.deepEqual(
    await shownIn({ state: "offline", pending_files: 1 }),
    head("the server cannot be reached", "1 change left"),
  );
  const unchecked = head("the server cannot be reached", "changes since then have not been checked");
  assert.deepEqual(await shownIn({ state: "offline" }), unchecked);
  assert.equal((await shownIn({ state: "offline", last_sync_at: null }))[2], "  not in sync yet");
  assert.equal((await shownIn({ state: "waiting", last_sync_at: null }))[2], "  not in sync yet");
  assert.deepEqual(await shownIn({ state: "waiting", pending_files: 1, deletions_waiting: 1 }), [
    ...head("waiting for you", "1 change left"),
    "  1 deletion waits for you: 'holdfast deletes' shows them",
  ]);
  const full = { path: "", code: "store_full", message: "The server is full." };
  assert.deepEqual(await shownIn({ state: "waiting", pending_files: 1, problems: [full] }), [
    ...head("waiting for space on the server", "1 change left"),
    "  ! The server is full.",
  ]);
});

test("status of a device that removed its copies lists files only there, and counts those in the local trash", async (t) => {
  const config = mkdtempSync(join(tmpdir(), "holdfast-cleared-"));
  t.after(() => rmSync(config, { recursive: true }));
  const own = Array.from({ length: 25 }, (_, at) => `own ${10 + at}.txt`);
  const aside = [".holdfast/quarantine/left"];
  const trashed = Array.from({ length: 974 }, (_, at) => `.holdfast/trash/2026-11-26/${at}`);
  const cleared = {
    device_id: "d",
    root: "/my drive",
    server: "https://drive.example",
    account: "ann@example.org",
    at: "2026-01-31T12:00:00Z",
    removed: 10,
    kept: 20_028,
    kept_in_trash: 20_002,
    kept_paths: [...own, ...aside, ...trashed],
  };
  const shownOf = async (change: Partial<typeof cleared>, columns?: number, ...flags: string[]): Promise<string[]> => {
    await saveCleared(config, { ...cleared, ...change });
    const environment = { HOLDFAST_CONFIG_DIR: config };
    const { code, stdout } = await runHere(environment, ["status", ...flags], columns === undefined ? {} : { columns });
    assert.equal(code, 0);
    return stdout.trimEnd().split("\n").slice(1);
  };
  assert.deepEqual(await shownOf({}, 120), [
    "  20,028 files were kept (changed here, not sent, not synced, or deleted on the server only):",
    ...own.slice(0, 20).map((path) => `  ${path}`),
    "  and 6 more: 'holdfast status --all' lists them",
    "  and 20,002 files in .holdfast/trash",
  ]);
  assert.deepEqual(await shownOf({}, undefined, "--all"), [
    "  20,028 files were kept (changed here, not sent, not synced, or deleted on the server only):",
    ...[...own, ...aside].map((path) => `  ${path}`),
    "  and 20,002 files in .holdfast/trash",
  ]);
  const { kept_in_trash: _, ...before } = cleared;
  await saveCleared(config, before);
  const { stdout } = await runHere({ HOLDFAST_CONFIG_DIR: config }, ["status"], { columns: 80 });
  assert.match(
    stdout,
    /\n {2}and 19,034 more\n {2}and 974 files in \.holdfast\/trash\n$/,
    "as an earlier version kept it",
  );
  assert.deepEqual(await shownOf({ kept: 3, kept_in_trash: 3, kept_paths: trashed.slice(0, 3) }, 120), [
    "  3 files were kept (changed here, not sent, not synced, or deleted on the server only):",
    "  3 files in .holdfast/trash",
  ]);
});

test("status --watch ends when its output is closed, even while nothing changes", async (t) => {
  const config = mkdtempSync(join(tmpdir(), "holdfast-status-"));
  t.after(() => rmSync(config, { recursive: true }));
  const env = { ...process.env, HOLDFAST_CONFIG_DIR: config };
  // A pipe of the shell, and one of Node, which is a socket. The gate tries only the latter, with one form of the output.
  for (const flag of isLongTier ? ["", "--json"] : []) {
    const line = `${launcher} status --watch ${flag} | head -1; echo "the exit code is \${PIPESTATUS[0]}"`;
    const shell = spawn("bash", ["-c", line], { env, stdio: ["ignore", "pipe", "inherit"] });
    const shown = await text(shell.stdout);
    assert.match(shown, /^(?:Nothing is synced here yet|\{"syncs":\[\]\}).*\nthe exit code is 0\n$/, flag);
  }
  for (const flag of isLongTier ? ["", "--json"] : ["--json"]) {
    const args = ["status", "--watch", ...(flag === "" ? [] : [flag])];
    const child = spawn(launcher, args, { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    child.stdout.destroy();
    assert.deepEqual(await ended, [0, null], flag);
  }
});

test("status --watch leaves no ^C on the terminal, and ends by the signal", async (t) => {
  if (!requireComponent(t, "python3")) return;
  const config = mkdtempSync(join(tmpdir(), "holdfast-status-"));
  t.after(() => rmSync(config, { recursive: true }));
  const terminal = onTerminal([launcher, "status", "--watch"], { columns: 80, env: { HOLDFAST_CONFIG_DIR: config } });
  await eventually("it is shown", 60_000, () => /Nothing is synced here yet/.test(terminal.raw()) || undefined);
  terminal.type("\u0003");
  assert.equal(await terminal.ended, 254, "minus the number of the signal, in a byte");
  assert.ok(!terminal.lines().join("\n").includes("^C"), terminal.raw());
});
