import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalOperation } from "../../plan/plan-types.ts";
import type { RemoteRow, Trees } from "../../model/trees.ts";
import { Progress } from "./progress.ts";

const newProgress = (): Progress =>
  new Progress(
    () => 0,
    () => undefined,
  );

test("a scan counts the files seen and those to read, whose total is known only at its end", () => {
  const progress = newProgress();
  progress.begin();
  progress.listed(3);
  progress.beginScan(false);
  progress.seen(5);
  progress.found(4, 100, false);
  progress.read();
  assert.deepEqual(progress.look, { listed: 3, seen: 5, read: 1 });
  assert.deepEqual(progress.planned, { changes: 4, bytes: 100, isAll: false, stage: "look" });
  progress.found(2, 10, true);
  assert.deepEqual(progress.planned, { changes: 6, bytes: 110, isAll: true, stage: "look" });
  // The server has files that may be the same, or may have to be downloaded.
  progress.beginScan(true);
  progress.found(6, 110, true);
  assert.deepEqual(progress.planned, { changes: 6, bytes: 110, isAll: false, stage: "look" });
});

test("changes of consecutive plans are counted together, until one has all the rest", () => {
  const progress = newProgress();
  const done = (): void => progress.noteDone({} as Trees, { op: "park" } as LocalOperation, "");
  progress.begin();
  progress.expect(3, { bytes: 7, isAll: false });
  assert.deepEqual([progress.planned.changes, progress.planned.stage], [3, "parts"]);
  done();
  progress.begin();
  progress.beginScan(false);
  progress.found(1, 1, true);
  assert.deepEqual([progress.planned.changes, progress.planned.stage, progress.pending], [3, "parts", 2]);
  progress.expect(2, { bytes: 9, isAll: true });
  assert.deepEqual([progress.planned.changes, progress.planned.stage], [3, "parts"]);
  done();
  done();
  progress.begin();
  assert.deepEqual([progress.planned.changes, progress.planned.stage], [0, "look"]);
  progress.expect(1);
  assert.deepEqual([progress.planned.changes, progress.planned.stage], [1, "plan"]);
});

test("a plan with unfinished transfers is counted with the next, including its transferred bytes", () => {
  const progress = newProgress();
  const file = { kind: "file", sizeBytes: 5 } as RemoteRow;
  progress.begin();
  progress.expect(1, { bytes: 100, isAll: true });
  progress.noteBytesDown(40);
  progress.noteCut();
  progress.begin();
  assert.deepEqual([progress.planned.bytes, progress.bytesDone], [100, 40], "while the next cycle looks");
  progress.expect(2, { bytes: 105, isAll: true });
  progress.noteBytesDown(5);
  progress.noteDone({} as Trees, { op: "replace", local: { name: "small" }, remote: file } as LocalOperation, "small");
  progress.noteCut();
  progress.begin();
  progress.expect(1, { bytes: 100, isAll: true });
  assert.deepEqual(
    [progress.planned, progress.bytesDone],
    [{ changes: 2, bytes: 105, isAll: true, stage: "plan" }, 45],
  );
  progress.begin();
  progress.expect(1, { bytes: 7, isAll: true });
  assert.deepEqual([progress.planned, progress.bytesDone], [{ changes: 1, bytes: 7, isAll: true, stage: "plan" }, 0]);
});
