import assert from "node:assert/strict";
import { test } from "node:test";
import { makeMemoryStore } from "./memory-store.ts";
import { testStore } from "./store-conformance.ts";
import { withPrefix } from "./with-prefix.ts";

testStore("a store with a prefix", async () => withPrefix(makeMemoryStore({ nowMs: () => 1 }), "part/"));

test("objects outside the prefix are neither visible nor changed", async () => {
  const whole = makeMemoryStore({ nowMs: () => 1 });
  const part = withPrefix(whole, "part/");
  for (const key of ["a", "part-a", "parts/a"]) await whole.put(key, Buffer.from("beside"));
  await part.put("a", Buffer.from("within"));
  assert.deepEqual(
    (await Array.fromAsync(part.list(""))).map(({ key }) => key),
    ["a"],
  );
  await part.delete("a");
  assert.equal(await part.stat("a"), undefined);
  await assert.rejects(part.get("../a"), /not an object key/);
  assert.deepEqual(
    (await Array.fromAsync(whole.list(""))).map(({ key }) => key),
    ["a", "part-a", "parts/a"],
  );
});
