import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { forgetAccount } from "./forget-account.ts";
import { noteFolder, recentFolders } from "./recent-folders.ts";

const real = Object.getOwnPropertyDescriptor(globalThis, "localStorage");

beforeEach(() => {
  const items = new Map<string, string>();
  const value = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  };
  Object.defineProperty(globalThis, "localStorage", { value, configurable: true });
});

afterEach(() => {
  if (real === undefined) Reflect.deleteProperty(globalThis, "localStorage");
  else Object.defineProperty(globalThis, "localStorage", real);
});

test("recent folders are listed newest first, without duplicates, at most eight", () => {
  for (const id of ["a", "b", "a", "c"]) noteFolder("ann", id);
  assert.deepEqual(recentFolders("ann"), ["c", "a", "b"]);
  for (const id of ["1", "2", "3", "4", "5", "6"]) noteFolder("ann", id);
  assert.deepEqual(recentFolders("ann"), ["6", "5", "4", "3", "2", "1", "c", "a"]);
});

test("recent folders are separate per account, are not recorded on a link page, and are deleted at the sign-out", async () => {
  noteFolder("ann", "a");
  noteFolder(undefined, "b");
  assert.deepEqual(recentFolders("bob"), []);
  assert.deepEqual(recentFolders(undefined), []);
  assert.deepEqual(recentFolders("ann"), ["a"]);
  await forgetAccount();
  assert.deepEqual(recentFolders("ann"), []);
});

test("stored values of other releases count as an empty list", () => {
  for (const text of [
    "{",
    "7",
    '{"account":"ann"}',
    '{"account":"ann","ids":"a"}',
    '{"account":"ann","ids":[1,null]}',
  ]) {
    localStorage.setItem("holdfast-recent-folders", text);
    assert.deepEqual(recentFolders("ann"), [], text);
    noteFolder("ann", "b");
    assert.deepEqual(recentFolders("ann"), ["b"], text);
  }
  localStorage.setItem("holdfast-recent-folders", '{"ids":["a"]}');
  assert.deepEqual(recentFolders(undefined), []);
});
