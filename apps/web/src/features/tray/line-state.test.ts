import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobSnapshot } from "../../upload/engine/snapshot.ts";
import { lineState } from "./line-state.ts";

type Line = JobSnapshot["lines"][number];
const none = { filesTotal: 1, filesDone: 0, filesEqual: 0, filesSkipped: 0 };
const noBytes = { bytesTotal: 9, bytesCut: 0, bytesDurable: 0, bytesHere: 0 };

function stateOf(part: Partial<Line>, counts: Partial<Line["counts"]> = {}, isSettled = false, isWalked = true) {
  const all = { ...none, ...noBytes, ...counts };
  const flags = { isCancelled: false, isActive: false, problemCount: 0, clashCount: 0, problem: undefined };
  return lineState({ name: "a", kind: "file", ...flags, counts: all, ...part }, { isWalked, isSettled });
}

test("a file can wait, upload, be stored, skipped, failed or canceled, or ask a question", () => {
  assert.equal(stateOf({}), "waiting");
  assert.equal(stateOf({ isActive: true }), "uploading");
  assert.equal(stateOf({}, { filesDone: 1 }, false, false), "stored", "while others are still found");
  assert.equal(stateOf({}, { filesDone: 1, filesSkipped: 1 }), "skipped");
  assert.equal(stateOf({ problemCount: 1 }), "failed");
  assert.equal(stateOf({ clashCount: 1 }), "asks");
  assert.equal(stateOf({ isCancelled: true }, { filesTotal: 0 }), "cancelled");
  assert.equal(stateOf({ isCancelled: true, isActive: true }), "cancelled");
  assert.equal(stateOf({ isCancelled: true }, { filesDone: 1 }), "stored", "its request was under way");
});

test("a folder is stored when all its files are, and failed when nothing else is left to upload", () => {
  const folder = { kind: "folder" as const };
  assert.equal(stateOf(folder, { filesTotal: 3, filesDone: 3 }, false, false), "uploading");
  assert.equal(stateOf(folder, { filesTotal: 3, filesDone: 3 }), "stored");
  assert.equal(stateOf({ ...folder, problemCount: 1 }, { filesTotal: 3, filesDone: 1 }), "uploading");
  assert.equal(stateOf({ ...folder, problemCount: 1, clashCount: 1 }, { filesTotal: 3, filesDone: 1 }), "failed");
  assert.equal(stateOf({ ...folder, problemCount: 1 }, { filesTotal: 3 }, true), "failed", "itself");
  assert.equal(stateOf({ ...folder, problemCount: 1 }, { filesDone: 1 }, true), "failed", "an empty folder in it");
  assert.equal(stateOf({ ...folder, clashCount: 1 }, { filesTotal: 3, filesDone: 2 }), "asks");
  assert.equal(stateOf(folder, { filesTotal: 0 }), "waiting", "an empty folder is not made yet");
  assert.equal(stateOf(folder, { filesTotal: 0 }, true), "stored");
  assert.equal(stateOf({ ...folder, isCancelled: true }, { filesTotal: 2, filesDone: 2 }), "cancelled");
});
