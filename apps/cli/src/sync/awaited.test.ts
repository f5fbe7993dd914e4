import assert from "node:assert/strict";
import { test } from "node:test";
import { awaitedOf } from "./awaited.ts";

const server = { path: "", code: "store_full", message: "The server is full." };
const quota = { path: "a", code: "quota", message: "Your space on the server is full." };
const here = { path: "a", code: "store_full", message: "The disk of this folder is full." };

test("a sync waits for space on the server or in the quota only if it waits for nothing that a person here has to do", () => {
  const of = (problems: readonly (typeof server)[], deletions = 0) =>
    awaitedOf({ problems: [...problems], deletions_waiting: deletions });
  assert.equal(of([server]), "server");
  assert.equal(of([quota, quota]), "quota");
  assert.equal(of([server, quota]), "server");
  for (const code of ["skipped", "not_watched"])
    assert.equal(of([{ path: "b", code, message: "It is listed." }, quota]), "quota");
  assert.equal(of([quota], 1), "you", "deletions wait as well");
  assert.equal(of([quota, here]), "you");
  assert.equal(of([{ ...server, message: "Could not create the synced folder (ENOSPC)." }]), "you");
  assert.equal(of([]), "you");
});
