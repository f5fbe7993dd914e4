import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { makeMemoryStore } from "./memory-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { testStore } from "./store-conformance.ts";
import { withFaults } from "./with-faults.ts";
import { withRetry } from "./with-retry.ts";

const noWait = async (): Promise<void> => undefined;
const makeFaulty = (random: () => number) =>
  withFaults(makeMemoryStore({ nowMs: () => 1 }), { random, sleep: noWait, slowMs: 1, hangMs: 1 });

const seed = 11;

testStore(`retries over a store in which a third of the calls fail (seed ${seed})`, async () => {
  const faulty = makeFaulty(seededRandom(seed));
  faulty.faults.setRates({ failBefore: 0.1, failAfter: 0.1, slow: 0.1, hang: 0.1 });
  return withRetry(faulty, {
    attemptsMax: 30,
    backoff: { firstMs: 1, maxMs: 1 },
    random: seededRandom(seed),
    sleep: noWait,
  });
});

function recorded(attemptsMax: number): { store: ObjectStore; faulty: ReturnType<typeof makeFaulty>; waits: number[] } {
  const waits: number[] = [];
  const faulty = makeFaulty(() => 0.99);
  const sleep = async (delayMs: number): Promise<void> => void waits.push(delayMs);
  return {
    store: withRetry(faulty, { attemptsMax, backoff: { firstMs: 100, maxMs: 500 }, random: () => 0.5, sleep }),
    faulty,
    waits,
  };
}

test("the delays double up to their maximum, with jitter, and end with the last attempt", async () => {
  const { store, faulty, waits } = recorded(6);
  faulty.faults.queue("failBefore", { times: 6 });
  await assert.rejects(store.put("a", Buffer.from("x")), { code: "unavailable" });
  assert.deepEqual(waits, [50, 100, 200, 250, 250]);
  await store.put("a", Buffer.from("x"));
});

test("permanent errors, a full store and an aborted call are not retried", async () => {
  for (const code of ["failed", "not_found", "store_full"] as const) {
    const { store, faulty, waits } = recorded(6);
    faulty.faults.queue("failBefore", { error: new HoldfastError(code, "no") });
    await assert.rejects(store.get("a"), { code });
    assert.deepEqual(waits, []);
  }
  const controller = new AbortController();
  const faulty = makeFaulty(() => 0.99);
  const sleep = async (): Promise<void> => controller.abort();
  const store = withRetry(faulty, { attemptsMax: 9, backoff: { firstMs: 1, maxMs: 1 }, random: () => 0, sleep });
  faulty.faults.queue("failBefore", { times: 9 });
  await assert.rejects(store.stat("a", { signal: controller.signal }), HoldfastError);
  assert.ok(faulty.faults.faultCount <= 2);
});

test("a longer delay requested by the server is respected", async () => {
  const { store, faulty, waits } = recorded(2);
  faulty.faults.queue("failBefore", { error: new HoldfastError("unavailable", "later", { retryAfterSeconds: 7 }) });
  await store.delete("a");
  assert.deepEqual(waits, [7000]);
});

test("a list that breaks midway continues after the last returned entry", async () => {
  const { store, faulty } = recorded(3);
  for (const key of ["a", "b", "c", "d"]) await store.put(key, Buffer.from(key));
  const seen: string[] = [];
  for await (const { key } of store.list("")) {
    seen.push(key);
    assert.ok(seen.length <= 4, `given twice: ${seen.join(" ")}`);
    faulty.faults.queue("failAfter", { operation: "list" });
  }
  assert.deepEqual(seen, ["a", "b", "c", "d"]);
});
