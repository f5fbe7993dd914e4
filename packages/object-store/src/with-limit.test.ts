import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { makeMemoryStore } from "./memory-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { testStore } from "./store-conformance.ts";
import { withLimit } from "./with-limit.ts";

testStore("a limit of one call", async () =>
  withLimit(makeMemoryStore({ nowMs: () => 1 }), { callsMax: 1, bytesMax: 10 }),
);

function makeHeldStore(): {
  store: ObjectStore;
  running: string[];
  finish: (key: string, error?: Error) => Promise<void>;
} {
  const running: string[] = [];
  const held = new Map<string, PromiseWithResolvers<void>>();
  const memory = makeMemoryStore({ nowMs: () => 1 });
  const store: ObjectStore = {
    ...memory,
    async put(key) {
      running.push(key);
      held.set(key, Promise.withResolvers());
      await held.get(key)?.promise;
    },
  };
  const finish = async (key: string, error?: Error): Promise<void> => {
    running.splice(running.indexOf(key), 1);
    if (error === undefined) held.get(key)?.resolve();
    else held.get(key)?.reject(error);
    await settle();
  };
  return { store, running, finish };
}

/** Runs everything that waits only for its turn. */
const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("concurrent calls and bytes stay within their limits, in order of arrival", async () => {
  const { store, running, finish } = makeHeldStore();
  const limited = withLimit(store, { callsMax: 3, bytesMax: 100 });
  const puts = (
    [
      ["a", 60],
      ["b", 30],
      ["c", 50],
      ["d", 1],
      ["e", 500],
    ] as const
  ).map(async ([key, sizeBytes]) => limited.put(key, Buffer.alloc(sizeBytes)));
  await settle();
  assert.deepEqual(running, ["a", "b"], "c would be 140 bytes, and d waits behind it");
  await finish("a");
  assert.deepEqual(running, ["b", "c", "d"]);
  await finish("b");
  await finish("c");
  assert.deepEqual(running, ["d"], "e is more than all and runs alone");
  await finish("d");
  assert.deepEqual(running, ["e"]);
  await finish("e");
  await Promise.all(puts);
});

test("small calls wait only for the limit of calls", async () => {
  const { store, running, finish } = makeHeldStore();
  const limited = withLimit(store, { callsMax: 2, bytesMax: 1000 });
  const puts = ["a", "b", "c"].map(async (key) => limited.put(key, Buffer.alloc(1)));
  await settle();
  assert.deepEqual(running, ["a", "b"]);
  for (const key of ["a", "b", "c"]) await finish(key);
  await Promise.all(puts);
});

test("a call that fails or is aborted while it waits makes room for the next", async () => {
  const { store, running, finish } = makeHeldStore();
  const limited = withLimit(store, { callsMax: 1, bytesMax: 100 });
  const controller = new AbortController();
  const first = limited.put("a", Buffer.alloc(1));
  const second = limited.put("b", Buffer.alloc(1), { signal: controller.signal });
  const third = limited.put("c", Buffer.alloc(1));
  controller.abort();
  await assert.rejects(second, { code: "request_timeout" });
  const failure = assert.rejects(first, { code: "unavailable" });
  await settle();
  await finish("a", new HoldfastError("unavailable", "no"));
  await failure;
  assert.deepEqual(running, ["c"]);
  await finish("c");
  await third;
});
