import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { ownAccount } from "./own-account.ts";

test("a data folder always gets the same free user ID, and other folders mostly different ones", () => {
  const free = () => false;
  const account = ownAccount("/var/lib/holdfast/postgres", free);
  assert.deepEqual(ownAccount("/var/lib/holdfast/postgres", free), account);
  assert.equal(account.uid, account.gid);
  const folders = Array.from({ length: 100 }, (_, number) => `/srv/${number}/postgres`);
  const uids = folders.map((folder) => ownAccount(folder, free).uid);
  assert.ok(new Set(uids).size > 70);
  assert.ok(uids.every((uid) => uid >= 60_800 && uid < 61_184));
  const next = ownAccount("/var/lib/holdfast/postgres", (id) => id === account.uid);
  assert.notEqual(next.uid, account.uid);
  const only = ownAccount("/var/lib/holdfast/postgres", (id) => id !== 61_183);
  assert.equal(only.uid, 61_183);
});

test("an error with advice is reported if all user IDs are taken", () => {
  assert.throws(
    () => ownAccount("/var/lib/holdfast/postgres", () => true),
    (error) => error instanceof HoldfastError && error.code === "failed" && error.message.includes("--database-url"),
  );
});
