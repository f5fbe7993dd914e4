import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { Trees } from "../model/trees.ts";
import { Progress } from "./progress.ts";

const newProgress = (): Progress =>
  new Progress(
    () => 0,
    () => undefined,
  );

test("a look counts the files that it sees and those that it has to read, of which it knows all only at its end", () => {
  const progress = newProgress();
  progress.begin();
  progress.listed(3);
  progress.beginLook(false);
  progress.seen(5);
  progress.found(4, 100, false);
  progress.read();
  assert.deepEqual(progress.look, { listed: 3, seen: 5, read: 1 });
  assert.deepEqual(progress.planned, { changes: 4, bytes: 100, isAll: false, stage: "look" });
  progress.found(2, 10, true);
  assert.deepEqual(progress.planned, { changes: 6, bytes: 110, isAll: true, stage: "look" });
  // The server has files that may be the same ones, or come too.
  progress.beginLook(true);
  progress.found(6, 110, true);
  assert.deepEqual(progress.planned, { changes: 6, bytes: 110, isAll: false, stage: "look" });
});

test("changes of plans that follow each other are counted together, until one has all that is left", () => {
  const progress = newProgress();
  const done = (): void => progress.noteDone({} as Trees, { op: "park" } as LocalOperation, "");
  progress.begin();
  progress.expect(3, { bytes: 7, isAll: false });
  assert.deepEqual([progress.planned.changes, progress.planned.stage], [3, "parts"]);
  done();
  progress.begin();
  progress.beginLook(false);
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
