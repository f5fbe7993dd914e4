import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "@holdfast/core/errors";
import { HoldfastError } from "@holdfast/core/errors";
import type { ObjectStore } from "./object-store.ts";

const mib = 1024 * 1024;

export interface ConformanceOptions {
  /** Tests that the server behind the store is known to fail, whatever the store does. */
  readonly without?: readonly string[];
}

/**
 * Tests for each store and decorator, without power failures.
 * @param makeStore returns a new, empty store
 */
export function testStore(
  name: string,
  makeStore: () => Promise<ObjectStore>,
  { without = [] }: ConformanceOptions = {},
): void {
  for (const { what, body } of cases) {
    if (!without.includes(what)) test(`${name}: ${what}`, async () => body(await makeStore()));
  }
}

interface Case {
  readonly what: string;
  readonly body: (store: ObjectStore) => Promise<void>;
}

const cases: readonly Case[] = [
  {
    what: "objects of any size, put in one or many pieces, are read unchanged",
    async body(store) {
      const large = pattern(5 * mib + 17);
      await store.put("packs/00/a", text("hello"));
      await store.put("packs/00/b", [text("he"), text(""), text("llo")]);
      await store.put("packs/01/large", [large.subarray(0, mib), large.subarray(mib)]);
      await store.put("empty", []);
      assert.equal(await read(store, "packs/00/a"), "hello");
      assert.equal(await read(store, "packs/00/b"), "hello");
      assert.ok(large.equals(await store.get("packs/01/large")));
      assert.equal((await store.get("empty")).length, 0);
    },
  },
  {
    what: "a put replaces the object, and copies the caller's memory",
    async body(store) {
      const bytes = text("old and long");
      await store.put("a", bytes);
      bytes.fill(0);
      assert.equal(await read(store, "a"), "old and long");
      await store.put("a", text("new"));
      assert.equal(await read(store, "a"), "new");
      assert.equal((await store.stat("a"))?.sizeBytes, 3);
    },
  },
  {
    what: "a range contains the bytes from its start to its end",
    async body(store) {
      await store.put("a", text("0123456789"));
      const range = async (start: number, end: number): Promise<string> =>
        Buffer.from(await store.get("a", { range: { start, end } })).toString();
      assert.equal(await range(0, 10), "0123456789");
      assert.equal(await range(3, 7), "3456");
      assert.equal(await range(9, 10), "9");
      assert.equal(await range(4, 5), "4");
    },
  },
  {
    what: "a range that is empty or exceeds the object is rejected",
    async body(store) {
      await store.put("a", text("0123456789"));
      await store.put("empty", text(""));
      const ranges = [
        [0, 11],
        [9, 12],
        [10, 11],
        [50, 60],
        [4, 4],
        [5, 4],
        [-1, 3],
        [0.5, 2],
      ] as const;
      for (const [start, end] of ranges) await rejects(store.get("a", { range: { start, end } }), "range");
      await rejects(store.get("empty", { range: { start: 0, end: 1 } }), "range");
    },
  },
  {
    what: "a missing object gives not_found or undefined, and can be deleted",
    async body(store) {
      await store.put("a/b", text("x"));
      await rejects(store.get("absent"), "not_found");
      await rejects(store.get("absent", { range: { start: 0, end: 1 } }), "not_found");
      await rejects(store.get("a"), "not_found");
      await rejects(store.get("a", { range: { start: 0, end: 1 } }), "not_found");
      assert.equal(await store.stat("absent"), undefined);
      assert.equal(await store.stat("a"), undefined);
      await store.delete("absent");
      await store.delete("a");
      assert.equal(await read(store, "a/b"), "x");
      await store.delete("a/b");
      await store.delete("a/b");
      await rejects(store.get("a/b"), "not_found");
      assert.deepEqual(await keys(store, ""), []);
    },
  },
  {
    what: "a list contains the keys with a prefix, in byte order",
    async body(store) {
      const names = ["a/b/c", "a/b.d", "a/b-d", "a/b0", "a/b_", "a/bb/x", "a-", "a.", "a0", "b", "0"];
      await Promise.all(names.map(async (key) => store.put(key, text(key))));
      assert.deepEqual(await keys(store, ""), names.toSorted());
      assert.deepEqual(await keys(store, "a/"), names.filter((key) => key.startsWith("a/")).toSorted());
      assert.deepEqual(await keys(store, "a/b"), names.filter((key) => key.startsWith("a/b")).toSorted());
      assert.deepEqual(await keys(store, "a/b/"), ["a/b/c"]);
      assert.deepEqual(await keys(store, "a/b/c"), ["a/b/c"]);
      assert.deepEqual(await keys(store, "a/b/c/d"), []);
      assert.deepEqual(await keys(store, "nothing/here"), []);
    },
  },
  {
    what: "a list contains each object once, with its size and time",
    async body(store) {
      const names = Array.from(
        { length: 10 },
        (_, number) => `packs/0${number % 2}/${"x".repeat(number + 1)}-${number}`,
      );
      await Promise.all(names.map(async (key) => store.put(key, text(key))));
      assert.deepEqual(await keys(store, "packs/"), names.toSorted());
      assert.deepEqual(await keys(store, "packs/01"), names.filter((key) => key.startsWith("packs/01")).toSorted());
      for await (const entry of store.list("")) {
        assert.equal(entry.sizeBytes, entry.key.length);
        const stat = await store.stat(entry.key);
        assert.equal(stat?.sizeBytes, entry.sizeBytes);
        assert.ok(Math.abs((stat?.modifiedAtMs ?? 0) - entry.modifiedAtMs) < 1000);
        assert.ok(Number.isSafeInteger(entry.modifiedAtMs) && entry.modifiedAtMs > 0);
      }
    },
  },
  {
    what: "a list ends when its reader stops early",
    async body(store) {
      await Promise.all(["a", "b", "c"].map(async (key) => store.put(key, text(key))));
      const entries = store.list("")[Symbol.asyncIterator]();
      const first = await entries.next();
      assert.equal(first.done === true ? undefined : first.value.key, "a");
      await entries.return?.();
      assert.equal((await entries.next()).done, true);
      assert.deepEqual(await keys(store, ""), ["a", "b", "c"]);
    },
  },
  {
    what: "concurrent puts of one key leave one complete object, and readers see only complete ones",
    async body(store) {
      const versions = Array.from({ length: 8 }, (_, number) => Buffer.alloc(200_000, number + 1));
      await store.put("a", versions[0] ?? text(""));
      const assertWhole = (bytes: Uint8Array): void => {
        assert.equal(bytes.length, 200_000);
        assert.ok(bytes.every((byte) => byte === bytes[0]));
      };
      await Promise.all(
        versions.map(async (version) => {
          await store.put("a", version);
          assertWhole(await store.get("a"));
        }),
      );
      assertWhole(await store.get("a"));
      assert.deepEqual(await keys(store, ""), ["a"]);
    },
  },
  {
    what: "a key that could denote another place is rejected",
    async body(store) {
      const wrong = [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        "./a",
        "A",
        "ä",
        "a b",
        "a\0",
        "a\\b",
        "a:b",
        "x".repeat(300),
        "x/".repeat(300),
      ];
      for (const key of wrong) {
        await rejects(store.put(key, text("x")), "invalid_field");
        await rejects(store.get(key), "invalid_field");
        await rejects(store.stat(key), "invalid_field");
        await rejects(store.delete(key), "invalid_field");
      }
      await rejects(keys(store, "../"), "invalid_field");
      await rejects(keys(store, "A"), "invalid_field");
    },
  },
  {
    what: "an aborted call does nothing and reports it",
    async body(store) {
      await store.put("a", text("x"));
      const signal = AbortSignal.abort("not wanted");
      await rejects(store.put("b", text("x"), { signal }), "request_timeout");
      await rejects(store.get("a", { signal }), "request_timeout");
      await rejects(store.stat("a", { signal }), "request_timeout");
      await rejects(store.delete("a", { signal }), "request_timeout");
      await rejects(keys(store, "", signal), "request_timeout");
      assert.deepEqual(await keys(store, ""), ["a"]);
    },
  },
];

function text(content: string): Buffer {
  return Buffer.from(content);
}

function pattern(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let index = 0; index < sizeBytes; index += 1) bytes[index] = (index * 31 + (index >> 12)) & 255;
  return bytes;
}

async function read(store: ObjectStore, key: string): Promise<string> {
  return Buffer.from(await store.get(key)).toString();
}

async function keys(store: ObjectStore, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const entries = await Array.fromAsync(store.list(prefix, signal === undefined ? {} : { signal }));
  return entries.map(({ key }) => key);
}

async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HoldfastError, `not a HoldfastError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}
