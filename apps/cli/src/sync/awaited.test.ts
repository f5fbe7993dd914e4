import assert from "node:assert/strict";
import { test } from "node:test";
import { awaitedOf } from "./awaited.ts";

const server = { path: "", code: "store_full", message: "The server is full." };
const quota = { path: "a", code: "quota", message: "Not enough space in your quota." };
const here = { path: "a", code: "store_full", message: "The disk of this folder is full." };

test("a sync waits for space on the server or in the quota only if it waits for nothing that a person here has to do", () => {
  const of = (problems: readonly (typeof server)[], deletions = 0) =>
    awaitedOf({ problems: [...problems], deletions_waiting: deletions });
  assert.equal(of([server]), "server");
  assert.equal(of([quota, quota]), "quota");
  const owners = {
    ...quota,
    path: "team/a",
    message: "The owner of the shared folder team does not have enough space.",
  };
  assert.equal(of([owners, owners]), "owner");
  assert.equal(of([owners, quota]), "quota");
  assert.equal(of([server, quota]), "server");
  for (const code of ["skipped", "not_watched"])
    assert.equal(of([{ path: "b", code, message: "It is listed." }, quota]), "quota");
  assert.equal(of([quota], 1), "you", "deletions wait as well");
  assert.equal(of([quota, here]), "you");
  assert.equal(of([{ ...server, message: "Could not create the synced folder (ENOSPC)." }]), "you");
  assert.equal(of([]), "you");
});
