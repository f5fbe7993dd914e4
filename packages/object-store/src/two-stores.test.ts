import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { openFsStore } from "./fs-store.ts";
import { makeMemoryStore } from "./memory-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { testStore } from "./store-conformance.ts";
import { StoreCopy } from "./store-copy.ts";
import { debtorsOf, makeTwoStores } from "./two-stores.ts";
import type { Debt, StorePolicy, TwoStores } from "./two-stores.ts";
import { withFaults } from "./with-faults.ts";
import type { FaultyStore } from "./with-faults.ts";

const home = await mkdtemp(join(tmpdir(), "holdfast-two-"));
after(() => rm(home, { recursive: true }));

const sleep = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
  await delay(delayMs, undefined, signal === undefined ? {} : { signal });
};
const memory = (): ObjectStore => makeMemoryStore({ nowMs: () => 1_700_000_000_000 });
const folder = async (): Promise<ObjectStore> =>
  openFsStore({ disk: nodeDisk, folder: await mkdtemp(join(home, "store-")), random: randomBytes, nowMs: Date.now });

interface Scene {
  readonly store: TwoStores;
  readonly debts: Debt[];
  readonly lacks: string[];
  readonly said: string[];
}

function makeScene(
  opened: readonly [ObjectStore, ObjectStore],
  {
    policy = "both",
    patienceMs = 5000,
    proofKey,
    assertOwn,
  }: {
    policy?: StorePolicy;
    patienceMs?: number;
    proofKey?: string;
    assertOwn?: (store: ObjectStore) => Promise<void>;
  } = {},
): Scene {
  const scene = { debts: [] as Debt[], lacks: [] as string[], said: [] as string[] };
  const copies = opened.map((each, index) => {
    return new StoreCopy({
      name: index === 0 ? "first" : "second",
      open: async () => each,
      patienceMs,
      sleep,
      monotonicMs: () => performance.now(),
      ...(proofKey === undefined ? {} : { proofKey }),
      ...(assertOwn === undefined ? {} : { assertOwn }),
      onChange: ({ name }, reason) => void scene.said.push(`${name} ${reason === undefined ? "is back" : "is away"}`),
      onLack: ({ name }, key) => void scene.lacks.push(`${name} ${key}`),
    });
  }) as unknown as TwoStores["copies"];
  const owe = async (debts: readonly Debt[]): Promise<void> => void scene.debts.push(...debts);
  return { ...scene, store: makeTwoStores({ copies, policy, owe, patienceMs, sleep, lookEveryMs: 0 }) };
}

for (const policy of ["both", "one"] as const) {
  testStore(`two stores in memory, ${policy}`, async () => makeScene([memory(), memory()], { policy }).store);
}
testStore("two folders", async () => makeScene([await folder(), await folder()]).store);
testStore("a folder beside an empty one", async () => {
  const { store } = makeScene([await folder(), memory()], { policy: "one" });
  return store;
});

function faulty(): FaultyStore {
  return withFaults(memory(), { random: Math.random, sleep, slowMs: 1, hangMs: 3_600_000 });
}

function switchable(): ObjectStore & { away: boolean } {
  const store = memory();
  const assertThere = (): void => {
    if (state.away) throw new HoldfastError("unavailable", "It cannot be reached.");
  };
  const state: ObjectStore & { away: boolean } = {
    away: false,
    put: async (...call) => (assertThere(), store.put(...call)),
    get: async (...call) => (assertThere(), store.get(...call)),
    stat: async (...call) => (assertThere(), store.stat(...call)),
    delete: async (...call) => (assertThere(), store.delete(...call)),
    async *list(...call) {
      assertThere();
      yield* store.list(...call);
    },
  };
  return state;
}

test("a put is in both stores, and get, stat and list use the other one if one is unavailable", async () => {
  const [first, second] = [switchable(), switchable()];
  const { store, debts, said } = makeScene([first, second]);
  await store.put("a", Buffer.from("xyz"));
  for (const each of [first, second]) assert.equal(Buffer.from(await each.get("a")).toString(), "xyz");
  for (const each of [first, second]) {
    each.away = true;
    assert.equal(Buffer.from(await store.get("a")).toString(), "xyz");
    assert.equal((await store.stat("a"))?.sizeBytes, 3);
    assert.deepEqual(
      (await Array.fromAsync(store.list(""))).map(({ key }) => key),
      ["a"],
    );
    await assert.rejects(store.get("absent"), { code: "unavailable" }, "what the other has is not known");
    each.away = false;
    assert.equal(await store.stat("absent"), undefined);
  }
  assert.deepEqual(debts, []);
  assert.deepEqual(said, ["first is away", "first is back", "second is away", "second is back"]);
});

test("with the policy both, a put without both stores is refused before writing, and accepted once both are back", async () => {
  const [first, second] = [switchable(), switchable()];
  const { store } = makeScene([first, second]);
  second.away = true;
  await assert.rejects(store.put("found-out", Buffer.from("x")), { code: "unavailable" });
  for (const key of ["a", "b"]) {
    await assert.rejects(store.put(key, Buffer.from("x")), { code: "unavailable", retryable: true });
    assert.equal(await first.stat(key), undefined, "it left something behind in the store that is there");
  }
  second.away = false;
  await store.put("a", Buffer.from("x"));
  assert.equal((await second.stat("a"))?.sizeBytes, 1);
});

test("with the policy one, a put is acknowledged once the debt is recorded, and refused if that fails", async () => {
  const [first, second] = [switchable(), switchable()];
  const { store, debts } = makeScene([first, second], { policy: "one" });
  second.away = true;
  await store.put("a", [Buffer.from("x"), Buffer.from("yz")]);
  await store.put("b", Buffer.from("x"));
  await store.delete("b");
  assert.deepEqual(debts, [
    { store: "second", key: "a", deed: "copy", sizeBytes: 3 },
    { store: "second", key: "b", deed: "copy", sizeBytes: 1 },
    { store: "second", key: "b", deed: "delete", sizeBytes: 0 },
  ]);
  first.away = true;
  await assert.rejects(store.put("c", Buffer.from("x")), { code: "unavailable" });

  const failing = makeTwoStores({
    copies: store.copies,
    policy: "one",
    owe: () => Promise.reject(new HoldfastError("unavailable", "The database is away.")),
    patienceMs: 5000,
    sleep,
    lookEveryMs: 0,
  });
  first.away = false;
  await assert.rejects(failing.put("d", Buffer.from("x")), { code: "unavailable" });
});

test("with the policy one, a hanging store is abandoned and owes the object", async () => {
  const [first, second] = [memory(), faulty()];
  const { store, debts } = makeScene([first, second], { policy: "one", patienceMs: 20 });
  second.faults.setRates({ hang: 1 });
  await store.put("a", Buffer.from("x"));
  assert.deepEqual(
    debts.map(({ store: name, key }) => [name, key]),
    [["second", "a"]],
  );
  assert.equal(store.copies[1].isAway, true);
});

test("a get does not wait for a hanging first store", async () => {
  const [first, second] = [faulty(), memory()];
  const { store } = makeScene([first, second], { patienceMs: 20 });
  await store.put("a", Buffer.from("x"));
  first.faults.setRates({ hang: 1 });
  assert.equal((await store.get("a")).length, 1);
});

test("objects missing or truncated in one store are read from the other and reported; an invalid range is not", async () => {
  const [first, second] = [memory(), memory()];
  const { store, lacks } = makeScene([first, second]);
  await store.put("lost", Buffer.from("0123456789"));
  await store.put("cut", Buffer.from("0123456789"));
  await first.delete("lost");
  await first.put("cut", Buffer.from("0123"));
  const range = { start: 6, end: 10 };
  for (const key of ["lost", "cut"]) assert.equal(Buffer.from(await store.get(key, { range })).toString(), "6789");
  assert.deepEqual(lacks, ["first lost", "first cut"]);
  await assert.rejects(store.get("cut", { range: { start: 6, end: 11 } }), { code: "range" });
  assert.equal(lacks.length, 2);
  const listed = await Array.fromAsync(store.list(""));
  assert.deepEqual(
    listed.map(({ key, sizeBytes }) => [key, sizeBytes]),
    [
      ["cut", 10],
      ["lost", 10],
    ],
  );
});

test("a store whose folder was moved is unavailable, is not recreated, and returns with its folder", async () => {
  const place = await mkdtemp(join(home, "moved-"));
  const open = (name: string) =>
    openFsStore({ disk: nodeDisk, folder: join(place, name), random: randomBytes, nowMs: Date.now });
  const [first, second] = [await open("first"), await open("second")];
  for (const each of [first, second]) await each.put("keyring", Buffer.from("k"));
  const { store } = makeScene([first, second], { policy: "one", proofKey: "keyring" });
  await store.put("a", Buffer.from("x"));
  await rename(join(place, "first"), join(place, "away"));
  await store.put("b", Buffer.from("x"));
  assert.deepEqual([store.copies[0].isAway, store.copies[0].isGone], [true, true]);
  assert.equal((await store.get("a")).length, 1);
  await assert.rejects(store.get("absent"), { code: "unavailable" }, "what is not there proves nothing");
  await rename(join(place, "away"), join(place, "first"));
  assert.equal(await store.copies[0].look(), true);
  await store.put("c", Buffer.from("x"));
  assert.equal((await first.stat("c"))?.sizeBytes, 1);
});

test("a store replaced by another one stays unavailable, and nothing is written to the other", async () => {
  const [first, own, strange] = [memory(), memory(), memory()];
  let mounted: ObjectStore | undefined = own;
  const second: ObjectStore = {
    put: (...args) => there().put(...args),
    get: (...args) => there().get(...args),
    stat: (...args) => there().stat(...args),
    delete: (...args) => there().delete(...args),
    list: (...args) => there().list(...args),
  };
  const there = () => {
    if (mounted === undefined) throw new HoldfastError("unavailable", "nothing is mounted");
    return mounted;
  };
  for (const [store, keys] of [
    [first, "ours"],
    [own, "ours"],
    [strange, "theirs"],
  ] as const) {
    await store.put("keyring", Buffer.from(keys));
  }
  const assertOwn = async (store: ObjectStore) => {
    if (Buffer.from(await store.get("keyring")).toString() !== "ours") throw new HoldfastError("failed", "another's");
  };
  const { store, said } = makeScene([first, second], { policy: "one", proofKey: "keyring", assertOwn });
  await store.put("a", Buffer.from("a"));
  mounted = undefined;
  await store.put("b", Buffer.from("b"));
  mounted = strange;
  await store.put("c", Buffer.from("c"));
  assert.equal(await store.copies[1].look(), false);
  await store.put("d", Buffer.from("d"));
  assert.deepEqual(
    [await strange.stat("c"), await strange.stat("d"), said],
    [undefined, undefined, ["second is away"]],
  );
  mounted = own;
  assert.equal(await store.copies[1].look(), true);
  await store.put("e", Buffer.from("e"));
  assert.notEqual(await own.stat("e"), undefined);
});

test("a read-only store is unavailable until it is writable", async () => {
  const [first, second] = [memory(), faulty()];
  const { store } = makeScene([first, second], { policy: "one" });
  second.faults.queue("failBefore", { operation: "put", times: 3 });
  await store.put("a", Buffer.from("x"));
  assert.equal(store.copies[1].isAway, true, "it was asked only whether it can be read");
  assert.equal(await store.copies[1].look(), false);
  assert.equal(await store.copies[1].look(), true);
  assert.deepEqual(
    (await Array.fromAsync(second.list(""))).map(({ key }) => key),
    [],
  );
});

test("a store that fails every call is unavailable, which allows a retry", async () => {
  const fails = () => Promise.reject(new HoldfastError("failed", "Could not look at it (EACCES)."));
  const second = { ...memory(), put: fails, stat: fails, get: fails };
  const { store } = makeScene([memory(), second]);
  await assert.rejects(store.put("a", Buffer.from("x")), { code: "unavailable" });
  const { store: other } = makeScene([memory(), second]);
  await assert.rejects(other.get("b"), { code: "unavailable" });
  await assert.rejects(other.put("a", Buffer.from("x")), { code: "unavailable" });
});

test("with the policy one, debts of the available store count while the other one is away", async () => {
  const [one, other] = [faulty(), faulty()];
  const { store } = makeScene([one, other], { policy: "one" });
  assert.deepEqual(await debtorsOf(memory()), []);
  assert.deepEqual(await debtorsOf(store), []);
  const error = new HoldfastError("unavailable", "No connection.");
  const lose = (lost: FaultyStore): void => {
    for (let times = 0; times < 20; times += 1) lost.faults.queue("failBefore", { error });
  };
  lose(other);
  await assert.rejects(store.copies[1].get("a"), { code: "unavailable" });
  assert.deepEqual(await debtorsOf(store), ["first"]);
  lose(one);
  await assert.rejects(store.copies[0].get("a"), { code: "unavailable" });
  assert.deepEqual(await debtorsOf(store), ["first", "second"]);
  const both = makeScene([one, other], { policy: "both" }).store;
  await assert.rejects(both.copies[1].get("a"), { code: "unavailable" });
  assert.deepEqual(await debtorsOf(both), []);
});

test("debtors are determined without a call to a store that was checked in the last five seconds", async () => {
  let [nowMs, stats] = [0, 0];
  const counted = (store: ObjectStore): ObjectStore => ({
    ...store,
    stat: (key, call) => {
      stats += 1;
      return store.stat(key, call);
    },
  });
  const copies = ["first", "second"].map((name) => {
    const open = async () => counted(memory());
    return new StoreCopy({ name, open, patienceMs: 5000, sleep, monotonicMs: () => nowMs });
  }) as unknown as TwoStores["copies"];
  const store = makeTwoStores({ copies, policy: "one", owe: async () => {}, patienceMs: 5000, sleep });
  await debtorsOf(store);
  assert.equal(stats, 2);
  nowMs = 4999;
  await debtorsOf(store);
  assert.equal(stats, 2);
  nowMs = 5000;
  await debtorsOf(store);
  assert.equal(stats, 4);
});
