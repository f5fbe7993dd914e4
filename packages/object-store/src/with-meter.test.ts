import assert from "node:assert/strict";
import { test } from "node:test";
import { makeMemoryStore } from "./memory-store.ts";
import { testStore } from "./store-conformance.ts";
import { withMeter } from "./with-meter.ts";
import type { MeteredCall } from "./with-meter.ts";

testStore("a meter", async () =>
  withMeter(makeMemoryStore({ nowMs: () => 1 }), { nowMs: () => 0, onCall: () => undefined }),
);

test("each call is metered once with its outcome, bytes and time; a list without its reader's time", async () => {
  let clockMs = 0;
  const calls: MeteredCall[] = [];
  const tick = (): number => (clockMs += 1);
  const store = withMeter(makeMemoryStore({ nowMs: () => 1 }), { nowMs: tick, onCall: (call) => calls.push(call) });
  await store.put("a", [Buffer.alloc(3), Buffer.alloc(4)]);
  await store.get("a", { range: { start: 0, end: 2 } });
  await assert.rejects(store.get("absent"));
  await store.stat("a");
  for await (const entry of store.list("")) clockMs += entry.sizeBytes * 1000;
  await store.delete("a");
  assert.deepEqual(calls, [
    { operation: "put", outcome: "ok", sizeBytes: 7, durationMs: 1 },
    { operation: "get", outcome: "ok", sizeBytes: 2, durationMs: 1 },
    { operation: "get", outcome: "not_found", sizeBytes: 0, durationMs: 1 },
    { operation: "stat", outcome: "ok", sizeBytes: 0, durationMs: 1 },
    { operation: "list", outcome: "ok", sizeBytes: 0, durationMs: 2 },
    { operation: "delete", outcome: "ok", sizeBytes: 0, durationMs: 1 },
  ]);
});
