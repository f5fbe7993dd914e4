import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { findSyntaxErrors } from "@holdfast/tools/source-tree";
import { applyPatch, type Bugs, plantedSource } from "./patch.ts";
import { plantedBugs } from "./planted-bugs.ts";

for (const [bug, patches] of Object.entries<Bugs[string]>(plantedBugs)) {
  test(`each planted text of the bug is in the engine once: ${bug}`, () => {
    const files = [...new Set(patches.map(({ file }) => file))];
    assert.ok(files.length > 0);
    for (const file of files) assert.deepEqual(findSyntaxErrors(file, plantedSource(file, patches) ?? ""), [], file);
  });
}

test("a text that is missing in its file, or there twice, is reported", () => {
  const patch = { file: "a.ts", find: "one", put: "$& other" };
  assert.equal(applyPatch("is one", patch), "is $& other");
  const isTold = (count: string) => (error: unknown) =>
    error instanceof HoldfastError && error.message === `This stands ${count} in packages/sync/src/a.ts, not once: one`;
  assert.throws(() => applyPatch("is another", patch), isTold("nowhere"));
  assert.throws(() => applyPatch("one or one", patch), isTold("2 times"));
});
