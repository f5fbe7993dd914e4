import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import { progressOf } from "./progress-of.ts";

test("progress shows 100 % only after everything is committed", () => {
  const job = jobWith({ filesDone: 9, bytesDurable: 1000, bytesCut: 1000 }, false);
  assert.equal(progressOf({ jobs: [job], isPaused: false }).durable, 0.99);
  assert.equal(progressOf({ jobs: [{ ...job, isDone: true }], isPaused: false }).durable, 1);
});

test("an open question ends the progress as completed files do", () => {
  const job = {
    ...jobWith({ filesDone: 8, bytesDurable: 800, bytesCut: 1000 }, false),
    clashCount: 1,
    problemCount: 1,
    isSettled: true,
  };
  const { phase, failed, asks } = progressOf({ jobs: [job], isPaused: false });
  assert.deepEqual({ phase, failed, asks }, { phase: "ended", failed: 1, asks: 1 });
});

test("the panel closes automatically after uploads without problems, never while one runs or asks", () => {
  const done = jobWith({ filesDone: 10, bytesDurable: 1000 }, true);
  const mayClose = (...jobs: readonly JobSnapshot[]) => progressOf({ jobs, isPaused: false }).mayClose;
  assert.equal(mayClose(done), "by_itself");
  assert.equal(mayClose(done, jobWith({ filesDone: 9 }, false)), undefined);
  const settled = { ...jobWith({ filesDone: 9 }, false), isSettled: true };
  assert.equal(mayClose(done, { ...settled, clashCount: 1 }), undefined);
  assert.equal(mayClose(done, { ...settled, problemCount: 1 }), "by_hand");
  assert.equal(mayClose(done, { ...settled, problemCount: 1, isSettled: false }), undefined, "a folder failed");
  assert.equal(mayClose({ ...settled, counts: { ...settled.counts, filesDone: 0 }, problemCount: 1 }), "by_hand");
  assert.equal(mayClose({ ...done, notSynced: { count: 1, names: ["a~"] } }), "by_hand");
});

function jobWith(counts: Partial<JobSnapshot["counts"]>, isDone: boolean): JobSnapshot {
  const none = { filesDone: 0, filesEqual: 0, filesSkipped: 0, bytesCut: 0, bytesDurable: 0, bytesHere: 0 };
  return {
    id: "1",
    name: "a",
    folderId: "f",
    counts: { filesTotal: 10, bytesTotal: 1000, ...none, ...counts },
    isWalked: true,
    isDone,
    isSettled: isDone,
    lines: [],
    lineCount: 0,
    active: [],
    problems: [],
    problemCount: 0,
    clashes: [],
    clashCount: 0,
  };
}
