import assert from "node:assert/strict";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { head, passing, runTests } from "./testing-run-tests.ts";

test("an uncaught error fails its test, and the files after it run", (t) => {
  const late = 'setTimeout(() => { throw new Error("late"); }, 100)';
  const errors = {
    timer: 'new Promise(() => setTimeout(() => { throw new Error("uncaught"); }))',
    rejection: 'new Promise(() => void Promise.resolve().then(() => { throw new Error("uncaught"); }))',
    emitter: 'new Promise(() => setImmediate(() => new EventEmitter().emit("error", new Error("uncaught"))))',
  };
  const breaking = Object.entries(errors).map(
    ([name, code]) => `test("a stone breaks by a ${name}", { timeout: 60_000 }, () => ${code});`,
  );
  const broken = `${head}import { EventEmitter } from "node:events";\n${breaking.join("\n")}`;
  const files = { "bench/src/a.test.ts": broken, "bench/src/b.test.ts": passing };
  const { status, output } = runTests(t, files, []);
  assert.equal(status, 1, output);
  const [first = "", again = ""] = output.split("Once more, alone: ");
  for (const name of Object.keys(errors)) assert.match(first, new RegExp(`✖ a stone breaks by a ${name} `));
  assert.match(first, /✔ a stone holds/);
  assert.match(again, /^bench\/src\/a\.test\.ts\n/);
  assert.doesNotMatch(output, /Once more, alone: bench\/src\/b/);

  const leaving = `${head}test("a stone rolls", () => void ${late});`;
  const waiting = `${head}test("a stone waits", () => new Promise((end) => setTimeout(end, 300)));`;
  const later = runTests(t, { "bench/src/a.test.ts": leaving, "bench/src/b.test.ts": waiting }, []);
  assert.equal(later.status, 1, later.output);
  assert.match(
    later.output,
    /Test "a stone rolls" at bench\/src\/a\.test\.ts:2:1 generated asynchronous activity after the test ended/,
  );
});

test("tests in suites, hooks and nested tests are attributed to the file that contains them", (t) => {
  const nested = `import { after, before, describe, test } from "node:test";
describe("a wall", () => {
  before(async () => void (await null));
  after(() => { throw new Error("fell down"); });
  test("a row", async (t) => {
    await null;
    await t.test("a stone", () => { throw new Error("broken"); });
  });
});
await null;
test("a gate", () => {});`;
  const { output } = runTests(t, { "bench/src/a.test.ts": nested, "bench/src/b.test.ts": passing }, []);
  const lines = output.slice(0, output.indexOf("ℹ tests")).replaceAll(/ \([\d.]+ms\)/g, "");
  const wanted = `▶ bench/src/a.test.ts
  ▶ a wall
    ▶ a row
      ✖ a stone
    ✖ a row
  ✖ a wall
  ✔ a gate
✖ bench/src/a.test.ts
▶ bench/src/b.test.ts
  ✔ a stone holds
✔ bench/src/b.test.ts
`;
  assert.equal(lines, wanted);
});

longTest("promises are tracked only in a run of one file", (t) => {
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
