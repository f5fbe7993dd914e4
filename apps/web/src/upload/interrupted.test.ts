import assert from "node:assert/strict";
import { test } from "node:test";
import { interruptedJob, isDroppedAgain } from "./interrupted.ts";
import type { EntryRecord, JobRecord } from "./store/job-store.ts";

const job: JobRecord = {
  id: "1",
  accountId: "a",
  folderId: "f",
  name: "film.mov",
  createdMs: 0,
  isWalked: true,
  handles: [],
};

function entry(path: string, isDone: boolean, kind: EntryRecord["kind"] = "file"): EntryRecord {
  return { path, kind, isDone, sizeBytes: 1, mtimeMs: 0, nodeId: path, operationId: path };
}

test("an interrupted upload lists the missing files and resumes only when all of them are dropped", () => {
  const three = interruptedJob(job, [entry("a.md", false), entry("b.txt", false), entry("film.mov", true)]);
  assert.deepEqual([three.filesTotal, three.missing], [3, ["a.md", "b.txt"]]);
  assert.equal(isDroppedAgain(three, ["film.mov", "a.md", "b.txt"]), true, "everything again");
  assert.equal(isDroppedAgain(three, ["b.txt", "a.md"]), true, "the missing ones");
  assert.equal(isDroppedAgain(three, ["a.md"]), false, "b.txt would be forgotten");
  assert.equal(isDroppedAgain(three, ["film.mov"]), false, "it is on the server");
});

test("missing files of a folder are resumed by dropping the folder, and folders do not count as missing", () => {
  const entries = [entry("Trip", false, "folder"), entry("Trip/a.jpg", true), entry("Trip/deep/b.jpg", false)];
  const trip = interruptedJob({ ...job, name: "Trip" }, entries);
  assert.deepEqual([trip.filesTotal, trip.missing, trip.missingTops], [2, ["Trip/deep/b.jpg"], ["Trip"]]);
  assert.equal(isDroppedAgain(trip, ["Trip"]), true);
});

test("canceled files are neither missing nor counted", () => {
  const entries = [entry("Trip", false, "folder"), entry("Trip/a.jpg", false), entry("Trip.txt", false)];
  const left = interruptedJob({ ...job, cancelled: ["Trip"] }, entries);
  assert.deepEqual([left.filesTotal, left.missing, left.missingTops], [1, ["Trip.txt"], ["Trip.txt"]]);
});

test("before all files were found, or if none is missing, only a drop with the same first item resumes", () => {
  for (const unclear of [
    interruptedJob({ ...job, isWalked: false }, [entry("a.md", false), entry("film.mov", true)]),
    interruptedJob(job, [entry("film.mov", true)]),
  ]) {
    assert.equal(isDroppedAgain(unclear, ["a.md"]), false);
    assert.equal(isDroppedAgain(unclear, ["film.mov", "a.md"]), true);
  }
});
