import assert from "node:assert/strict";
import { test } from "node:test";
import { head, passing, runTests } from "./testing-run-tests.ts";

test("an error that nothing catches ends the process of several files, and its test fails when they run again", (t) => {
  const throwing = `${head}test("a stone falls", () => new Promise(() => setTimeout(() => { throw new Error("fell"); })));`;
  const rejecting = `${head}test("a stone slips", () => new Promise((end) => { Promise.reject(new Error("slipped")); setTimeout(end, 50); }));`;
  for (const [error, text] of Object.entries({ fell: throwing, slipped: rejecting })) {
    const { status, output } = runTests(t, { "bench/src/a.test.ts": text, "bench/src/b.test.ts": passing }, []);
    assert.equal(status, 1, output);
    assert.match(output, new RegExp(`Nothing caught this error, which ends the process: Error: ${error}`));
    assert.match(
      output,
      /Once more, alone: bench\/src\/a\.test\.ts\n✖ a stone (?:falls|slips)[^]*Once more, alone: bench\/src\/b\.test\.ts\n✔ a stone holds/,
    );
  }
});

test("promises are tracked only in a run of one file", (t) => {
  const counting = `${head}import { executionAsyncId } from "node:async_hooks";
test("a stone counts", async () => {
  await null;
  const before = executionAsyncId();
  await null;
  console.log(before === executionAsyncId() ? "untracked" : "tracked");
});`;
  const files = { "bench/src/a.test.ts": counting, "bench/src/b.test.ts": counting };
  const seen = (args: string[]) => runTests(t, files, args).output.match(/\b(?:un)?tracked/g);
  assert.deepEqual(seen([]), ["untracked", "untracked"]);
  assert.deepEqual(seen(["bench/src/a.test.ts"]), ["tracked"]);
});
