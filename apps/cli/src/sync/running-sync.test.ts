import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { Output } from "../output/output.ts";
import type { SyncRecord } from "./known-syncs.ts";
import { lastStatus } from "./last-status.ts";
import type { WaitingDeletion } from "./report.ts";
import { RunningSync } from "./running-sync.ts";
import { ShareOwners } from "./share-owners.ts";
import { readSyncLog } from "./sync-log.ts";
import { SyncReporter } from "./sync-reporter.ts";
import { restingStatus } from "./testing-status.ts";

const record = { root: "/r", server: "s", account: "a", device: "d", marker: "1", is_paused: false } as SyncRecord;

const copy = (name: string): string => `${name} (d's conflicted copy 2026-01-31)`;

function runningIn(folder: string) {
  const stderr = Object.assign(new PassThrough(), { isTTY: true, columns: 120 });
  const clock = { nowMs: () => 0, unixMs: () => 0, logs: false };
  const reporter = new SyncReporter(new Output({}, new PassThrough(), stderr), stderr, clock);
  const owners = new ShareOwners(() => Promise.resolve(new Map([["team", "bob@example.org"]])));
  const limits = { upBytesPerSecond: undefined, downBytesPerSecond: undefined };
  const options = { configFolder: folder, limits, own: [".config/holdfast"], start: "by hand" as const, owners };
  return { stderr, running: new RunningSync({ folder, record }, reporter, options) };
}

test("a conflict of the first cycle is logged and shown, an earlier one is not, and Holdfast's own paths stay excluded", async (t) => {
  const folder = makeFolder("running-sync");
  t.after(() => removeFolder(folder));
  const { stderr, running } = runningIn(folder);
  let conflicts = [copy("old")];
  const included: string[] = [];
  const engine = {
    status: () => ({ ...restingStatus, conflicts }),
    waitingDeletions: () => [],
    answeredDeletions: () => ({ approved: [], undone: [] }),
    onChange: () => () => undefined,
    resume: () => undefined,
    include: (paths: readonly string[]) => included.push(...paths),
  };
  running.begin({ engine: engine as never, changeLimits: () => undefined, travelledBytes: () => 0 }, record);
  running.done({ atMs: 0, path: "new", what: "copied aside", direction: "down" });
  conflicts = [copy("new"), copy("old"), copy("put here")];
  const change = { exclude: [], freesSpace: false };
  await assert.rejects(running.changeExclusions({ ...change, include: ["docs", ".config/holdfast"] }), {
    code: "invalid_field",
    message: /belongs to Holdfast and is never synced/,
  });
  assert.deepEqual(included, []);
  await running.changeExclusions({ ...change, include: ["docs"] });
  assert.deepEqual(included, ["docs"]);
  await running.end();
  assert.deepEqual(
    (await readSyncLog(folder, 10)).map(({ what, path }) => [what, path]),
    [
      ["copied aside", "new"],
      ["conflict", copy("new")],
    ],
  );
  const shown = (await stderr.end().toArray()).join("");
  assert.match(shown, /conflict; both versions are kept: new \(/);
  assert.match(shown, /earlier conflicted copy: put here \(/);
  assert.doesNotMatch(shown, /(?:kept|before): old/);
});

test("a problem that is shown twice at the same time has one entry in the log", async (t) => {
  const folder = makeFolder("running-sync");
  t.after(() => removeFolder(folder));
  const { running } = runningIn(folder);
  const engine = {
    status: () => ({ ...restingStatus, problems: [{ path: "a", code: "locked", message: "It is locked." }] }),
    waitingDeletions: () => [],
    answeredDeletions: () => ({ approved: [], undone: [] }),
    onChange: () => () => undefined,
    resume: () => undefined,
  };
  running.begin({ engine: engine as never, changeLimits: () => undefined, travelledBytes: () => 0 }, record);
  await Promise.all([running.sum(), running.sum()]);
  await running.end();
  assert.deepEqual(
    (await readSyncLog(folder, 10)).map(({ what, path }) => [what, path]),
    [["problem", "a"]],
  );
});

test("an answer that a run has not applied stays recorded, whether the run reached the server or not", async (t) => {
  const folder = makeFolder("running-sync");
  t.after(() => removeFolder(folder));
  const deletion: WaitingDeletion = {
    id: "a",
    what: "deletion",
    why: "many",
    path: "x",
    side: "server",
    kind: "file",
    bytes: 1,
  };
  const reached = runningIn(folder).running;
  const engine = {
    status: () => restingStatus,
    waitingDeletions: () => [],
    answeredDeletions: () => ({ approved: [deletion], undone: [{ ...deletion, id: "b", side: "here" as const }] }),
    onChange: () => () => undefined,
    resume: () => undefined,
  };
  reached.begin({ engine: engine as never, changeLimits: () => undefined, travelledBytes: () => 0 }, record);
  await reached.end();
  const answers = [
    { action: "approve", answered: [deletion] },
    { action: "undo", answered: [{ ...deletion, id: "b", side: "here" }] },
  ];
  assert.deepEqual((await lastStatus({ folder, record })).answers, answers);
  const { running: offline } = runningIn(folder);
  offline.remark([{ path: "", code: "unreachable", message: "The server does not answer." }]);
  await offline.end();
  assert.deepEqual((await lastStatus({ folder, record })).answers, answers);
});

test("the owner of a shared folder without space is named, and the quota of this account is not", async (t) => {
  const folder = makeFolder("running-sync");
  t.after(() => removeFolder(folder));
  const { running } = runningIn(folder);
  const owners = {
    code: "quota",
    message:
      "The owner of the shared folder team does not have enough space. Ask the owner to free some: uploads to the folder wait until there is space. 'holdfast shared' lists the owners.",
  };
  const own = { path: "a", code: "quota", message: "Not enough space in your quota." };
  const engine = {
    status: () => ({
      ...restingStatus,
      problems: [{ ...owners, path: "team/a" }, { ...owners, path: "teams/a" }, own],
    }),
    waitingDeletions: () => [],
    answeredDeletions: () => ({ approved: [], undone: [] }),
    onChange: () => () => undefined,
    resume: () => undefined,
  };
  running.begin({ engine: engine as never, changeLimits: () => undefined, travelledBytes: () => 0 }, record);
  await running.end();
  assert.deepEqual(
    running.report().problems.map(({ message }) => message),
    [
      "The owner of the shared folder team does not have enough space. Ask bob@example.org to free some: uploads to the folder wait until there is space.",
      owners.message,
      own.message,
    ],
  );
});

test("a change of the engine during shutdown is not shown after the database is closed", async (t) => {
  const folder = makeFolder("running-sync");
  t.after(() => removeFolder(folder));
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { running, stderr } = runningIn(folder);
  let change = (): void => undefined;
  let isClosed = false;
  const engine = {
    status: () => {
      assert.ok(!isClosed, "the database is closed");
      return restingStatus;
    },
    waitingDeletions: () => [],
    answeredDeletions: () => ({ approved: [], undone: [] }),
    onChange: (listener: () => void) => (change = listener),
    resume: () => undefined,
  };
  running.begin({ engine: engine as never, changeLimits: () => undefined, travelledBytes: () => 0 }, record);
  // The timer of the first change has fired, so another change would set a new one.
  t.mock.timers.tick(1000);
  const ended = running.end();
  change();
  await ended;
  isClosed = true;
  t.mock.timers.tick(1000);
  await setImmediate();
  assert.doesNotMatch((await stderr.end().toArray()).join(""), /the database is closed/);
});
