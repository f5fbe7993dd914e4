import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { makeMemoryStore } from "./memory-store.ts";
import { testStore } from "./store-conformance.ts";
import { withFaults } from "./with-faults.ts";
import type { FaultyStore } from "./with-faults.ts";

const waits: number[] = [];
const sleep = async (delayMs: number): Promise<void> => void waits.push(delayMs);
const make = (random: () => number = () => 0.5): FaultyStore =>
  withFaults(makeMemoryStore({ nowMs: () => 1 }), { random, sleep, slowMs: 20, hangMs: 300 });

testStore("no faults", async () => make());
testStore("only slow faults", async () => {
  const store = make();
  store.faults.setRates({ slow: 1 });
  return store;
});

test("each fault matches its name", async () => {
  const store = make();
  const x = Buffer.from("x");
  store.faults.queue("failBefore");
  await assert.rejects(store.put("a", x), { code: "unavailable" });
  assert.equal(await store.stat("a"), undefined);
  store.faults.queue("failAfter", { operation: "put", error: new HoldfastError("store_full", "full") });
  assert.equal(await store.stat("a"), undefined, "the fault waits for a put");
  await assert.rejects(store.put("a", x), { code: "store_full" });
  assert.equal((await store.stat("a"))?.sizeBytes, 1);
  waits.length = 0;
  store.faults.queue("slow");
  store.faults.queue("hang");
  await store.put("b", x);
  await assert.rejects(store.put("c", x), { code: "unavailable" });
  assert.equal(await store.stat("c"), undefined);
  assert.deepEqual(waits, [20, 300]);
  assert.equal(store.faults.faultCount, 4);
});

test("faults follow from the seed, occur at their rate, and can be changed during use", async () => {
  const failures = async (seed: number): Promise<string> => {
    const store = make(seededRandom(seed));
    store.faults.setRates({ failBefore: 0.25 });
    let seen = "";
    for (let call = 0; call < 400; call += 1) {
      if (call === 300) store.faults.setRates({});
      const outcome = await store.stat("a").then(
        () => ".",
        () => "x",
      );
      seen += outcome;
    }
    return seen;
  };
  const first = await failures(5);
  assert.equal(await failures(5), first);
  assert.notEqual(await failures(6), first);
  const count = first.split("x").length - 1;
  assert.ok(count > 45 && count < 105, `${count} of 300`);
  assert.ok(!first.slice(300).includes("x"));
});
