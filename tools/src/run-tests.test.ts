import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";

const head = 'import { test } from "node:test";\n';
const passing = `${head}test("a stone holds", () => {});`;
const failing = `${head}test("a stone breaks", () => { throw new Error("broken"); });`;
const lacking = `${head}test("a stone swims", (t) => t.skip("radosgw is not installed"));`;
const skipping = `${head}test("a stone flies", { skip: "only on the moon" }, () => {});`;

interface Answer {
  status: number | null;
  output: string;
}

/** Runs a copy of run-tests.ts in a tree of these files. */
function runTests(t: TestContext, files: Readonly<Record<string, string>>, args: string[], required = ""): Answer {
  const root = mkdtempSync(join(tmpdir(), "holdfast-run-tests-"));
  t.after(() => rmSync(root, { recursive: true }));
  const script = join(root, "tools/src/run-tests.ts");
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(dirname(script), { recursive: true });
  for (const name of ["run-tests.ts", "test-folder.ts", "file-times.ts", "file-limit.ts"])
    copyFileSync(join(import.meta.dirname, name), join(dirname(script), name));
  // Without NODE_TEST_CONTEXT: inside a test the runner would refuse to run tests.
  const { NODE_TEST_CONTEXT: _, INIT_CWD: __, ...environment } = process.env;
  const answer = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    env: { ...environment, HOLDFAST_REQUIRE_COMPONENTS: required },
    encoding: "utf8",
  });
  return { status: answer.status, output: answer.stdout + answer.stderr };
}

test("every test file of every part runs, and the runner's own summary ends the output", (t) => {
  const { status, output } = runTests(
    t,
    {
      "packages/a/src/x.test.ts": passing,
      "apps/b/src/deep/y.pg.test.ts": passing,
      "bench/src/z.test.ts": passing,
      "tools/src/w.test.ts": skipping,
      "packages/a/node_modules/dependency/src/v.test.ts": failing,
    },
    [],
  );
  assert.equal(status, 0, output);
  assert.match(output, /ℹ tests 4\n[^]*ℹ pass 3\n[^]*ℹ skipped 1\n[^]*ℹ duration_ms [0-9.]+\n$/);
});

test("one failing test fails the run", (t) => {
  const { status, output } = runTests(t, { "packages/a/src/x.test.ts": passing, "bench/src/y.test.ts": failing }, []);
  assert.equal(status, 1, output);
  assert.match(output, /ℹ fail 1\n/);
});

test("a file that does not even load fails the run", (t) => {
  const { status, output } = runTests(t, { "packages/a/src/x.test.ts": 'import "./gone.ts";' }, []);
  assert.equal(status, 1, output);
});

test("a file whose tests are done and that does not end is ended, fails the run, and says what kept it", (t) => {
  const kept = `${passing}\nsetInterval(() => {}, 1000);`;
  const files = { "packages/a/src/x.test.ts": kept, "packages/a/src/y.test.ts": passing };
  const { status, output } = runTests(t, files, ["--file-timeout", "1"]);
  assert.equal(status, 1, output);
  assert.match(output, /The file is ended after 1 s\. It was kept by: .*Timeout/);
  assert.match(output, /ℹ pass 2\n[^]*ℹ fail 1\n/);
});

test("a part of a path, a folder or a name chooses what runs", (t) => {
  const files = { "packages/a/src/x.test.ts": passing, "bench/src/y.test.ts": failing };
  for (const args of [["x.test"], ["packages/a"], ["packages/a/src/x.test.ts"], ["--name", "holds"]]) {
    const { status, output } = runTests(t, files, args);
    assert.equal(status, 0, `${args.join(" ")}: ${output}`);
    assert.match(output, /✔ a stone holds/, args.join(" "));
  }
});

test("a choice that matches nothing is an error", (t) => {
  const { status, output } = runTests(t, { "packages/a/src/x.test.ts": passing }, ["nowhere"]);
  assert.equal(status, 1);
  assert.match(output, /No test file matches nowhere/);
});

test("a skip for lack of a component fails the run only where components are required", (t) => {
  const files = { "packages/a/src/x.test.ts": lacking, "packages/a/src/y.test.ts": skipping };
  assert.equal(runTests(t, files, []).status, 0);
  const { status, output } = runTests(t, files, [], "1");
  assert.equal(status, 1, output);
  assert.match(output, /packages\/a\/src\/x\.test\.ts: a stone swims: radosgw is not installed/);
  assert.doesNotMatch(output, /lacked a component[^]*a stone flies/);
});
