import assert from "node:assert/strict";
import { test } from "node:test";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { copyObject, getIfThere } from "./copy-object.ts";

const makeStore = () => makeMemoryStore({ nowMs: () => 0 });
const key = "metadata/log/head";
const text = async (store: ObjectStore) => {
  const bytes = await getIfThere(store, key, undefined);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
};

function afterPut(store: ObjectStore, happens: (count: number) => Promise<void>): ObjectStore {
  let count = 0;
  return {
    get: (...args) => store.get(...args),
    stat: (...args) => store.stat(...args),
    delete: (...args) => store.delete(...args),
    list: (...args) => store.list(...args),
    put: async (...args) => {
      await store.put(...args);
      await happens((count += 1));
    },
  };
}

test("a missing object is copied in its latest state", async () => {
  const [from, to] = [makeStore(), makeStore()];
  assert.equal(await copyObject(key, { from, to, signal: undefined }), undefined);
  assert.equal(await text(to), undefined);
  await from.put(key, Buffer.from("old"));
  const twice = afterPut(to, async (count) => {
    if (count < 3) await from.put(key, Buffer.from(`newer ${count}`));
  });
  assert.equal(await copyObject(key, { from, to: twice, signal: undefined }), 7);
  assert.deepEqual([await text(from), await text(to)], ["newer 2", "newer 2"]);
});

test("an object removed meanwhile is not restored, and one that keeps changing is postponed", async () => {
  const [from, to] = [makeStore(), makeStore()];
  await from.put(key, Buffer.from("old"));
  const removed = afterPut(to, () => from.delete(key));
  assert.equal(await copyObject(key, { from, to: removed, signal: undefined }), undefined);
  assert.equal(await text(to), undefined);
  await from.put(key, Buffer.from("old"));
  const restless = afterPut(to, (count) => from.put(key, Buffer.from(`newer ${count}`)));
  await assert.rejects(copyObject(key, { from, to: restless, signal: undefined }), /keeps changing/);
});
