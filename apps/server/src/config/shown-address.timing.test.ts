import assert from "node:assert/strict";
import { test } from "node:test";
import { shownAddress } from "./shown-address.ts";

test("a long address takes no longer than its length", () => {
  const before = process.cpuUsage();
  for (const part of ["a", "a,", "a:1", ":", "@", "/a", "?a=", "[::]"])
    shownAddress(`postgres://${part.repeat(20_000)} `);
  // CPU time of this process alone: waiting on a busy machine does not count.
  const { user, system } = process.cpuUsage(before);
  assert.ok((user + system) / 1000 < 2000);
});
