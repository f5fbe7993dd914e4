import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import type { SyncRecord } from "./known-syncs.ts";
import { reportOf } from "./sync-reporter.ts";
import { restingStatus } from "./testing-status.ts";
import { ProgressMeter } from "./progress-meter.ts";
import { progressFoot, SyncScreen } from "./sync-screen.ts";

const record = { root: "/r", server: "s", account: "a", device: "d" } as SyncRecord;

function screen(columns: number) {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      written += chunk.toString();
      done();
    },
  });
  let nowMs = new Date(2026, 0, 31, 12).getTime();
  const shown = new SyncScreen(Object.assign(stream, { isTTY: true, columns }), () => nowMs);
  const meter = new ProgressMeter();
  return {
    /** @returns the output for a status; a carriage return starts a replacement of the line before */
    after: (status: Partial<EngineStatus>, laterMs = 1000, fresh: string[] = [], found: string[] = []): string[] => {
      written = "";
      nowMs += laterMs;
      const whole = { ...restingStatus, ...status };
      shown.printConflicts(fresh, found);
      shown.show(whole, reportOf(record, whole, { pageUrl: null }), meter.after(nowMs, whole));
      return stripVTControlCharacters(written)
        .split(/[\r\n]/)
        .filter((line) => line !== "");
    },
    stopping: (): string => {
      written = "";
      shown.stopping();
      return stripVTControlCharacters(written);
    },
    end: (): string => {
      written = "";
      shown.end();
      return stripVTControlCharacters(written);
    },
  };
}

const mib = 2 ** 20;
const moving = (bytesDone: number): Partial<EngineStatus> => ({
  activity: "syncing",
  pendingFiles: 2,
  progress: { ...restingStatus.progress, bytesUp: bytesDone },
  now: {
    names: ["holiday/b.jpg", "holiday/a.jpg"],
    changes: 2,
    bytes: 100 * mib,
    bytesDone,
    stretch: 0,
    isAll: true,
    stage: "plan",
  },
});

test("a bar shows rate, time left and current files, then one line that everything is up to date", () => {
  const { after, end } = screen(80);
  assert.deepEqual(after({ activity: "syncing" }), ["looking for changes"]);
  assert.deepEqual(after(moving(0)), ["[--------------------] 0 %, 2 to go  holiday/b.jpg, holiday/a.jpg"]);
  assert.deepEqual(after(moving(10 * mib)), [
    "[##------------------] 9 %, 5.0 MiB/s, 18 s left, 2 to go  holiday/b.jpg",
  ]);
  assert.deepEqual(after(moving(50 * mib), 100), [], "not more often than an eye follows");
  assert.deepEqual(after({}), ["in sync since 12:00:04"]);
  assert.deepEqual(after({}), []);
  assert.deepEqual(after({ activity: "syncing" }), [], "a look that finds nothing");
  assert.equal(end(), "\rin sync since 12:00:04\n");
});

test("a scan shows the files seen so far, and a bar while their bytes are transferred", () => {
  const { after } = screen(80);
  const look = { listed: 0, seen: 0, read: 0 };
  const found = {
    names: ["a.bin"],
    changes: 402,
    bytes: 100 * mib,
    bytesDone: 0,
    stretch: 0,
    isAll: true,
    stage: "look" as const,
  };
  const none = { ...found, names: [], changes: 0, bytes: 0, isAll: false };
  const inLook = (counts: Partial<typeof look>, now = found): string[] =>
    after({
      activity: "syncing",
      look: { ...look, ...counts },
      now,
      progress: { ...restingStatus.progress, bytesUp: now.bytesDone },
    });
  assert.deepEqual(inLook({ listed: 2000 }, none), ["looking for changes: 2,000 files listed on the server"]);
  assert.deepEqual(inLook({ listed: 2000, seen: 12_400 }, none), ["looking for changes: 12,400 files seen"]);
  const read = { seen: 12_400, read: 310 };
  assert.deepEqual(inLook(read), ["looking for changes: 12,400 files seen, 310 read  a.bin"]);
  assert.deepEqual(inLook(read, { ...found, bytesDone: 20 * mib }), [
    "[####----------------] 19 %, 6.7 MiB/s, 12 s left, 402 to go  a.bin",
  ]);
  // More folders must be scanned, so the total is unknown.
  assert.deepEqual(inLook({ seen: 12_400 }, { ...found, bytesDone: 20 * mib, isAll: false }), [
    "20 MiB of 100 MiB, 5.0 MiB/s, looking for changes: 12,400 files seen",
  ]);
});

test("files of several plans share one bar", () => {
  const { after } = screen(80);
  const part = {
    names: [],
    changes: 40_000,
    bytes: 9 * mib,
    bytesDone: 0,
    stretch: 0,
    isAll: false,
    stage: "parts" as const,
  };
  after({ activity: "syncing", pendingFiles: 40_000, now: part });
  assert.deepEqual(after({ activity: "syncing", pendingFiles: 30_000, now: part }), [
    "[#####---------------] 25 %, 3 s left, 30,000 to go",
  ]);
});

test("the first few bytes of a plan give no time left", () => {
  const { after } = screen(80);
  after(moving(0));
  assert.deepEqual(after(moving(1024)), [
    "[--------------------] 0 %, 1.0 KiB/s, 2 to go  holiday/b.jpg, holiday/a.jpg",
  ]);
});

test("in 40 columns the rate and the time left stay, and no text exceeds the line", () => {
  const { after } = screen(40);
  after(moving(0));
  assert.deepEqual(after(moving(10 * mib)), ["9 %, 10 MiB/s, 9 s left, 2 to go"]);
  const bytes = { done: 1, of: 2 };
  const foot = { share: 0.5, bytes, bytesPerSecond: 12 * mib, secondsLeft: 7500, pendingFiles: 12_345, looked: "" };
  for (const name of ["a".repeat(300), "写真".repeat(90), "👩‍👩‍👧‍👦".repeat(50), "e\u0301".repeat(100), "\u001b".repeat(70)])
    for (let columns = 10; columns < 200; columns += 1) {
      const line = progressFoot({ ...foot, names: [name, "b"], columns });
      assert.ok(stringWidth(line) < columns, `${columns} columns: ${line}`);
    }
  const line = progressFoot({ ...foot, names: ["休暇/家族の写真/東京.jpg"], columns: 60 });
  assert.equal(line, "50 %, 12 MiB/s, 2:05:00 left, 12,345 to go  休暇…/東京.jpg");
  const first = progressFoot({ ...foot, names: ["写真/東京.jpg", "休暇/京都.jpg"], columns: 75 });
  assert.equal(first, "[########-------] 50 %, 12 MiB/s, 2:05:00 left, 12,345 to go  写…/東京.jpg");
});

test("a narrow terminal breaks sentences between words, keeps a wide name whole, and drops clauses of the status line", () => {
  const { after } = screen(40);
  assert.deepEqual(after({}, 1000, ["photos/2026/a-very-long-name-of-a-holiday.jpg"]), [
    "12:00:01 conflict; both versions are",
    "         kept:",
    "         photos/2026/a-very-long-name-of-a-holiday.jpg",
    "         ('holdfast conflicts ls' shows",
    "         how to resolve it)",
    "in sync since 12:00:01",
  ]);
  const problems = [1, 2].map((at) => ({ path: `f${at}`, code: "unreadable", message: "It cannot be read." }));
  assert.deepEqual(after({ activity: "waiting", problems }).at(-1), "waiting for you, 2 problems");
  assert.deepEqual(after({ activity: "offline" }).at(-1), "the server cannot be reached");
  const foot = {
    share: 0.45,
    bytes: { done: 0, of: 0 },
    looked: "",
    bytesPerSecond: mib,
    secondsLeft: 3723,
    pendingFiles: 12_345,
    names: [],
  };
  assert.equal(progressFoot({ ...foot, columns: 40 }), "45 %, 1.0 MiB/s, 1:02:03 left");
});

test("conflicts, problems, brakes and connection changes are lines with the time, above the status line", () => {
  const { after } = screen(120);
  assert.deepEqual(after({}), ["in sync since 12:00:01"]);
  assert.deepEqual(after({}, 1000, ["a (conflict).txt"], ["1", "2", "3", "4"]), [
    "12:00:02 conflict; both versions are kept: a (conflict).txt ('holdfast conflicts ls' shows how to resolve it)",
    "in sync since 12:00:01",
    "12:00:02 4 earlier conflicted copies: 'holdfast conflicts ls' lists them",
    "in sync since 12:00:01",
  ]);
  const problems = Array.from({ length: 16_785 }, (_, at) => ({
    path: `f${at}`,
    code: "store_full",
    message: "Full.",
  }));
  assert.deepEqual(after({ activity: "waiting", problems }), [
    "12:00:03 problem: 16,785 files: Full. (f0, f1, f2 and 16,782 more; 'holdfast status --all' lists them)",
    "in sync since 12:00:01",
    "waiting for you, 16,785 problems: 'holdfast status' lists them",
  ]);
  assert.deepEqual(after({ activity: "waiting", problems, deletionsWaiting: 600 }).slice(0, 1), [
    "12:00:04 600 deletions wait for you: 'holdfast deletes' shows them",
  ]);
  assert.deepEqual(after({ activity: "offline" }), [
    "12:00:05 the server cannot be reached; trying again",
    "waiting for you, 16,785 problems: 'holdfast status' lists them",
    "the server cannot be reached; trying again",
  ]);
  assert.deepEqual(after({}), [
    "12:00:06 the server is reachable again",
    "the server cannot be reached; trying again",
    "in sync since 12:00:06",
  ]);
});

test("the width of the bar depends only on the terminal, not on the name and digits beside it", () => {
  const few = { share: 0.5, bytes: { done: 1, of: 2 }, bytesPerSecond: 1, secondsLeft: 1, pendingFiles: 1, looked: "" };
  const many = { ...few, share: 0.999, bytesPerSecond: 999 * 1024, secondsLeft: 36_000, pendingFiles: 123_456 };
  for (const columns of [70, 80, 120]) {
    const widths = [few, many].flatMap((foot) =>
      [[], ["a"], ["a/very/long/name/".repeat(9)]].map((names) => {
        const line = progressFoot({ ...foot, names, columns });
        return /^\[[#-]*\]/.exec(line)?.[0].length;
      }),
    );
    assert.deepEqual([...new Set(widths)], [Math.min(20, columns - 60) + 2], `${columns} columns`);
  }
});

test("after the message that a sync stops, no bar follows", () => {
  const { after, stopping, end } = screen(80);
  after(moving(0));
  assert.equal(stopping(), "\r12:00:01 stopping\n");
  assert.deepEqual(after(moving(10 * mib)), []);
  assert.deepEqual(after({ activity: "waiting" }), []);
  assert.equal(end(), "");
  const rested = screen(80);
  rested.after({});
  assert.equal(rested.stopping(), "\r12:00:01 stopping\n\rin sync since 12:00:01");
  assert.equal(rested.end(), "\rin sync since 12:00:01\n");
});
