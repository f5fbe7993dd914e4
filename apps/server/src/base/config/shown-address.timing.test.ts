import assert from "node:assert/strict";
import { test } from "node:test";
import { shownAddress } from "./shown-address.ts";

test("the time to shorten an address is linear in its length", () => {
  const before = process.cpuUsage();
  for (const part of ["a", "a,", "a:1", ":", "@", "/a", "?a=", "[::]"])
    shownAddress(`postgres://${part.repeat(20_000)} `);
  // Uses the process's CPU time, so that a busy machine does not matter.
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < 2000);
});
