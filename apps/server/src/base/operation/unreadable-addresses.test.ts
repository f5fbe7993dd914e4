import assert from "node:assert/strict";
import { test } from "node:test";
import { UnreadableAddresses } from "./unreadable-addresses.ts";

test("unreadable addresses are logged at most once an hour, and remembered for a day", () => {
  const logged: object[] = [];
  let nowMs = 5_000_000;
  const log = { warn: (fields: object) => void logged.push(fields) };
  const addresses = new UnreadableAddresses({ log, clock: { nowMs: () => nowMs } });
  assert.equal(addresses.recent(), undefined);
  addresses.note("unknown");
  addresses.note("x".repeat(5000));
  assert.deepEqual(logged, [{ entry: "unknown", requests: 1 }]);
  assert.deepEqual(addresses.recent(), { requests: 2, entry: "x".repeat(100) });
  nowMs += 3_600_000;
  addresses.note("_hidden");
  assert.deepEqual(logged.slice(1), [{ entry: "_hidden", requests: 3 }]);
  nowMs += 25 * 3_600_000;
  assert.equal(addresses.recent(), undefined);
});
