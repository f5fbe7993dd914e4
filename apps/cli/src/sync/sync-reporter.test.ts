import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import { Output } from "../output/output.ts";
import type { SyncRecord } from "./known-syncs.ts";
import { reportOf, SyncReporter } from "./sync-reporter.ts";
import { ProgressMeter } from "./progress-meter.ts";
import { restingStatus } from "./testing-status.ts";
import { formatRate, parseBrake, parsePath, parseRate } from "./sync-flags.ts";

const record = { root: "/r", server: "s", account: "a", device: "d" } as SyncRecord;

function sink() {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString();
      done();
    },
  });
  return { stream, text: () => written };
}

function reporter(flags: { json?: boolean; quiet?: boolean } = {}, isOnce = false) {
  const [stdout, stderr] = [sink(), sink()];
  let nowMs = 0;
  const meter = new ProgressMeter();
  const made = new SyncReporter(new Output(flags, stdout.stream, stderr.stream), stderr.stream, {
    nowMs: () => nowMs,
    unixMs: () => nowMs,
    logs: false,
    isOnce,
  });
  const show = (status: Partial<EngineStatus>): Promise<void> => {
    const whole = { ...restingStatus, ...status };
    nowMs += 1000;
    return made.show(whole, reportOf(record, whole, { pageUrl: null }), meter.after(nowMs, whole));
  };
  return {
    show,
    conflicts: (fresh: readonly string[]) => made.conflicts(fresh, []),
    begin: (root: string, pageUrl: string) => made.begin(root, pageUrl),
    sum: (progress: EngineStatus["progress"]) => made.sum({ progress }),
    stdout,
    stderr,
  };
}

test("new conflicts are lines without a terminal, and none with --quiet", () => {
  const { conflicts, stderr } = reporter();
  conflicts(["a (d's conflicted copy 2027-01-01).txt"]);
  assert.equal(
    stderr.text(),
    "sync: conflict; both versions are kept: a (d's conflicted copy 2027-01-01).txt ('holdfast conflicts ls' shows how to resolve it)\n",
  );
  const quiet = reporter({ quiet: true });
  quiet.conflicts(["a"]);
  assert.equal(quiet.stderr.text(), "");
});

test("freed space is reported once, and freeing nothing with its reason", async () => {
  const { show, stderr } = reporter({});
  const freed = { files: 2, bytes: 2048, kept: [] };
  await show({ freed });
  await show({ freed });
  await show({ freed: { files: 0, bytes: 0, kept: [] } });
  await show({ freed: { files: 0, bytes: 0, kept: ["a"] } });
  assert.deepEqual(stderr.text().trimEnd().split("\n").slice(1), [
    "sync: 2 local copies (2.0 KiB) were moved to /r/.holdfast/trash, where they are kept for 30 days. To free the space now, empty /r/.holdfast/trash; the files stay on the server.",
    "sync: excluding freed no space: there are no copies here",
    "sync: excluding freed no space: the copies here differ from those on the server",
  ]);
});

test("each change of state is one line, and progress an occasional one", async () => {
  const { show, stdout, stderr } = reporter();
  const moved = {
    ...restingStatus.progress,
    filesUp: 1,
    filesDown: 5,
    bytesUp: 2048,
    bytesAccepted: 0,
    bytesDown: 3 * 2 ** 20,
  };
  for (let shown = 0; shown < 7; shown += 1) {
    const progress = shown === 0 ? restingStatus.progress : moved;
    await show({ activity: "syncing", pendingFiles: 7 - shown, progress });
  }
  await show({});
  await show({});
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: syncing",
    "sync: 7 changes left",
    "sync: 2 changes left, uploaded 1 file (2.0 KiB), downloaded 5 files (3.0 MiB)",
    "sync: in sync",
  ]);
  assert.equal(stdout.text(), "");
});

test("the final total counts the bytes of accepted files, and not the sent bytes of refused ones", () => {
  const { sum, stderr } = reporter();
  const { progress } = restingStatus;
  sum({ ...progress, filesUp: 1, bytesUp: 3 * 2 ** 20, bytesAccepted: 2048 });
  sum({ ...progress, bytesUp: 3 * 2 ** 20 });
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: uploaded 1 file (2.0 KiB)",
    "sync: nothing was uploaded or downloaded",
  ]);
});

test("the final total counts deletions by side", () => {
  const { sum, stderr } = reporter();
  const { progress } = restingStatus;
  const deletedOnServer = { files: 20_000, folders: 1 };
  sum({ ...progress, deletedOnServer });
  sum({ ...progress, filesUp: 1, bytesAccepted: 3, deletedOnServer, deletedHere: { files: 0, folders: 2 } });
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: deleted 20,000 files and 1 folder on the server",
    "sync: uploaded 1 file (3 B), deleted 20,000 files and 1 folder on the server, deleted 2 folders here",
  ]);
});

test("attempts without work print no lines in between", async () => {
  const { show, stderr } = reporter();
  const problems = [{ path: "", code: "unauthenticated", message: "The login has ended." }];
  await show({ activity: "syncing" });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await show({ activity: "waiting", problems });
    await show({ activity: "syncing", problems });
  }
  await show({ activity: "syncing", pendingFiles: 1 });
  await show({});
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: syncing",
    "sync: waiting for you",
    "sync: ! The login has ended.",
    "sync: syncing",
    "sync: 1 change left",
    "sync: in sync",
  ]);
});

test("a sync without a terminal prints where its page's address is shown, not the secret address itself", () => {
  const url = "http://127.0.0.1:1/#token=secret";
  const piped = reporter();
  piped.begin("/my drive", url);
  assert.equal(piped.stderr.text(), "sync: /my drive; 'holdfast status' shows the address of its page\n");
  for (const each of [reporter({}, true), reporter({ quiet: true })]) {
    each.begin("/my drive", url);
    assert.equal(each.stderr.text(), "");
  }
});

test("a run that ends without a signal leaves its failure to its last line", async () => {
  const { show, stderr } = reporter({}, true);
  const away = { path: "", code: "unreachable", message: "The server cannot be reached." };
  const file = { path: "a", code: "unreachable", message: "It cannot be read." };
  await show({ activity: "offline", failure: away.code, problems: [away, file] });
  await show({ activity: "refused", refusal: "Another folder was synced here." });
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: the server cannot be reached; trying again",
    "sync: ! a: It cannot be read.",
    "sync: stopped",
  ]);
});

test("the state names the missing space, on the server or in the quota", async () => {
  const { show, stderr } = reporter();
  const problem = { path: "", code: "store_full", message: "The server is full." };
  await show({ activity: "waiting", problems: [problem] });
  await show({ activity: "waiting", problems: [{ ...problem, path: "a", code: "quota" }] });
  assert.deepEqual(
    stderr
      .text()
      .split("\n")
      .filter((line) => line.includes("waiting")),
    ["sync: waiting for space on the server", "sync: waiting for space in your quota"],
  );
});

test("a problem is reported once until it is gone and returns", async () => {
  const { show, stderr } = reporter();
  const problems = [{ path: "a\u001bb", code: "quota", message: "is too much" }];
  for (const status of [{ problems }, { problems }, {}, { problems }]) await show(status);
  assert.equal(stderr.text().split("a\\u{1b}b: is too much").length - 1, 2);
});

test("each different report is one line as JSON, and --quiet prints nothing for people", async () => {
  const { show, stdout, stderr } = reporter({ json: true, quiet: true });
  for (const status of [{ activity: "syncing" as const }, {}, {}]) await show(status);
  const states = stdout.text().trimEnd().split("\n");
  assert.deepEqual(
    states.map((line) => JSON.parse(line).state),
    ["syncing", "idle"],
  );
  assert.equal(stderr.text(), "");
});

test("a run with --once prints no intermediate states as JSON", async () => {
  const { show, stdout } = reporter({ json: true }, true);
  await show({ activity: "syncing" });
  assert.equal(stdout.text(), "");
});

test("--quiet shows problems and waiting deletions, and no state", async () => {
  const { show, stderr } = reporter({ quiet: true });
  const problems = [{ path: "pipe", code: "special_file", message: "Not synced: it is a pipe." }];
  await show({ activity: "syncing", pendingFiles: 3 });
  for (let times = 0; times < 2; times += 1) await show({ activity: "waiting", problems, deletionsWaiting: 600 });
  assert.deepEqual(stderr.text().trimEnd().split("\n"), [
    "sync: ! pipe: Not synced: it is a pipe.",
    "sync: ! 600 deletions wait for you: 'holdfast deletes' shows them.",
  ]);
});

test("a refused folder waits for a person, and gives the reason", () => {
  const status: EngineStatus = {
    ...restingStatus,
    phase: "refused",
    activity: "refused",
    refusal: "It is another folder.",
  };
  const report = reportOf(record, status, { pageUrl: null });
  assert.equal(report.state, "waiting");
  assert.deepEqual(report.problems, [{ path: "", code: "refused", message: "It is another folder." }]);
});

test("rates, brakes and excluded paths are parsed, or rejected", () => {
  assert.deepEqual(
    ["2000", "500K", "1.5M", "2MB/s", "1G"].map((text) => parseRate(text, "--limit-up")),
    [2000, 500_000, 1_500_000, 2_000_000, 1_000_000_000],
  );
  for (const bad of ["", "0", "-5", "fast", "10", "1T", "1e9"]) {
    assert.throws(() => parseRate(bad, "--limit-up"), { code: "usage" }, bad);
  }
  for (const text of ["1500", "500K", "2M", "1G", "2500K"]) assert.equal(formatRate(parseRate(text, "")), text);
  assert.equal(formatRate(undefined), "");
  assert.deepEqual(["off", "7"].map(parseBrake), ["off", 7]);
  for (const bad of ["0", "-1", "x", ""]) assert.throws(() => parseBrake(bad), { code: "usage" });
  assert.deepEqual(
    ["a", "./a/b/", "a b"].map((path) => parsePath(path, "--exclude")),
    ["a", "a/b", "a b"],
  );
  for (const bad of ["..", "a/../b", "", ".", "./"])
    assert.throws(() => parsePath(bad, "--exclude"), { name: "HoldfastError" }, bad);
});
