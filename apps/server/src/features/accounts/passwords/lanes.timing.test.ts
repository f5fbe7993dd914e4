import assert from "node:assert/strict";
import { test } from "node:test";
import { hashPassword, isPassword } from "./passwords.ts";

test("checking a password of an unknown account takes similar CPU time", async () => {
  // CPU time of all threads of this process, independent of the machine's load.
  const workMsOf = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    for (let round = 0; round < 5; round++) await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  const known = await hashPassword("long enough");
  const knownMs = await workMsOf(() => isPassword(known, "wrong"));
  const unknownMs = await workMsOf(() => isPassword(undefined, "wrong"));
  // Coarse: without hashing it would be a hundredth.
  assert.ok(unknownMs > knownMs / 4, `${unknownMs} ms against ${knownMs} ms`);
});
