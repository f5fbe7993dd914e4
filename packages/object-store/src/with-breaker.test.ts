import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { makeMemoryStore } from "./memory-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { testStore } from "./store-conformance.ts";
import { withBreaker } from "./with-breaker.ts";

const times = { quietMs: 10_000, probeTimeoutMs: 3_000, probeEveryMs: 3_000 };
const makeMemory = () => makeMemoryStore({ nowMs: () => 1 });
/** Runs everything that waits only for its turn. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const never = (): Promise<never> => new Promise(() => undefined);

testStore("a breaker", async () => {
  const store = makeMemory();
  return withBreaker(store, store, { ...times, nowMs: () => 0, sleep: never });
});

/** A store whose gets wait for their turn, and whose stats (probes, too) answer as told. */
function makeBroken() {
  const seen = { nowMs: 0, gets: 0, probes: 0, changes: [] as (string | undefined)[] };
  let stat: ObjectStore["stat"] = never;
  const turns: PromiseWithResolvers<Uint8Array>[] = [];
  const inner: ObjectStore = {
    ...makeMemory(),
    get: () => {
      seen.gets += 1;
      const turn = Promise.withResolvers<Uint8Array>();
      turns.push(turn);
      return turn.promise;
    },
  };
  const plain: ObjectStore = {
    ...inner,
    stat: (key, call) => {
      seen.probes += 1;
      return stat(key, call);
    },
  };
  const store = withBreaker(inner, plain, {
    ...times,
    nowMs: () => seen.nowMs,
    // The only sleep is the timeout of a probe.
    sleep: async (delayMs, signal) => {
      await settle();
      if (signal?.aborted !== true) seen.nowMs += delayMs;
    },
    onChange: (reason) => seen.changes.push(reason?.message),
  });
  return { store, seen, turns, setStat: (next: ObjectStore["stat"]) => (stat = next) };
}

const away = { code: "unavailable", message: "The block store does not answer. Try again in a moment." };

test("calls to a store that answers nothing are rejected, after a probe, until it answers", async () => {
  const { store, seen, turns, setStat } = makeBroken();
  const hanging = store.get("a");
  await settle();
  seen.nowMs = 9_999;
  const patient = store.get("b");
  await settle();
  seen.nowMs = 10_000;
  await assert.rejects(store.get("c"), { ...away, retryAfterSeconds: 3 });
  await assert.rejects(Array.fromAsync(store.list("")), away);
  assert.deepEqual([seen.gets, seen.probes], [2, 1], "a failed probe counts for a while");
  seen.nowMs += times.probeEveryMs;
  setStat(async () => undefined);
  const [admitted, other] = [store.get("d"), store.get("e")];
  await settle();
  assert.deepEqual([seen.gets, seen.probes], [4, 2], "both share a probe");
  assert.deepEqual(seen.changes, ["The store has not answered within 3000 ms.", undefined]);
  for (const turn of turns) turn.resolve(new Uint8Array(1));
  for (const call of [hanging, patient, admitted, other]) assert.equal((await call).length, 1);
});

test("an answer to an earlier call ends the rejections", async () => {
  const { store, seen, turns } = makeBroken();
  const hanging = store.get("a");
  await settle();
  seen.nowMs = 10_000;
  await assert.rejects(store.get("b"), away);
  turns[0]?.resolve(new Uint8Array(1));
  await hanging;
  void store.get("c");
  await settle();
  assert.equal(seen.gets, 2);
  assert.equal(seen.changes.length, 2);
});

test("a slow call does not reject others while the store answers its probes", async () => {
  const { store, seen, setStat } = makeBroken();
  setStat(async () => {
    throw new HoldfastError("failed", "no permission");
  });
  for (let call = 1; call <= 5; call += 1) {
    void store.get("slow");
    await settle();
    seen.nowMs += 10_000;
  }
  assert.deepEqual([seen.gets, seen.probes], [5, 4]);
  assert.deepEqual(seen.changes, []);
});

test("failures count as quiet only if the store did not answer", async () => {
  for (const [code, probes] of [
    ["unavailable", 1],
    ["request_timeout", 1],
    ["not_found", 0],
    ["store_full", 0],
    ["failed", 0],
  ] as const) {
    const { store, seen, turns } = makeBroken();
    const failing = store.get("a");
    await settle();
    turns[0]?.reject(new HoldfastError(code, "no"));
    await assert.rejects(failing, { code });
    seen.nowMs = 10_000;
    store.get("b").catch(() => {});
    await settle();
    assert.equal(seen.probes, probes, code);
  }
});
