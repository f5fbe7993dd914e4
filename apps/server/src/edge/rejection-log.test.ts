import assert from "node:assert/strict";
import { test } from "node:test";
import { RejectionLog } from "./rejection-log.ts";

test("the first rejection is logged immediately, and those of the next ten seconds together", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const lines: unknown[] = [];
  const log = new RejectionLog({ warn: (fields: object) => void lines.push(fields) });
  log.add();
  for (let count = 0; count < 5; count += 1) log.add();
  t.mock.timers.tick(9_999);
  assert.deepEqual(lines, [{ requests: 1 }]);
  t.mock.timers.tick(1);
  assert.deepEqual(lines, [{ requests: 1 }, { requests: 5 }]);
  t.mock.timers.tick(60_000);
  log.add();
  assert.deepEqual(lines, [{ requests: 1 }, { requests: 5 }, { requests: 1 }]);
});
