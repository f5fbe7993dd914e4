import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { test } from "node:test";
import { until } from "./bounded.ts";
import { longTest } from "./tiers.ts";
import { failing, head, makeTree, passing, runTests } from "./testing-run-tests.ts";

const lacking = `${head}test("a stone swims", (t) => t.skip("radosgw is not installed"));`;
const skipping = `${head}test("a stone flies", { skip: "only on the moon" }, () => {});`;

const unsteady = `${head}import { existsSync, writeFileSync } from "node:fs";
test("a stone rolls", () => {
  if (existsSync(\`\${import.meta.filename}.ran\`)) return;
  writeFileSync(\`\${import.meta.filename}.ran\`, "");
  throw new Error("rolled away");
});`;

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

test("a file that does not load fails the run", (t) => {
  const { status, output } = runTests(t, { "packages/a/src/x.test.ts": 'import "./gone.ts";' }, []);
  assert.equal(status, 1, output);
});

longTest("a file that does not end after its tests is stopped, fails the run, and names the cause", (t) => {
  const kept = `${passing}\nsetInterval(() => {}, 1000);`;
  const files = { "packages/a/src/x.test.ts": kept, "packages/a/src/y.test.ts": passing };
  const { status, output } = runTests(t, files, ["--file-timeout", "1"]);
  assert.equal(status, 1, output);
  assert.match(output, /The process of 2 files is ended after 1 s\. It was kept by: .*Timeout/);
  assert.match(output, /ℹ pass 2\n[^]*ℹ fail 1\n/);
});

longTest("a whole run of the long tier repeats the server's tests of accounts on three shards", (t) => {
  const printing = `${head}test(\`on \${process.env.HOLDFAST_TEST_SHARDS ?? 1} of them\`, () => {});`;
  const files = {
    "apps/server/src/features/a.pg.test.ts": printing,
    "apps/server/src/features/b.pg.long.test.ts": printing,
    "packages/a/src/x.test.ts": printing,
  };
  const { status, output } = runTests(t, files, ["--long"]);
  assert.equal(status, 0, output);
  assert.deepEqual(output.match(/on \d of them/g), ["on 1 of them", "on 1 of them", "on 1 of them", "on 3 of them"]);
  assert.doesNotMatch(runTests(t, files, []).output, /on 3/);
  assert.doesNotMatch(runTests(t, files, ["--long", "apps/server"]).output, /on 3/);
});

longTest("part of a path, a folder or a name selects the tests", (t) => {
  const files = { "packages/a/src/x.test.ts": passing, "bench/src/y.test.ts": failing };
  for (const args of [["x.test"], ["packages/a"], ["packages/a/src/x.test.ts"], ["--name", "holds"]]) {
    const { status, output } = runTests(t, files, args);
    assert.equal(status, 0, `${args.join(" ")}: ${output}`);
    assert.match(output, /✔ a stone holds/, args.join(" "));
  }
});

longTest("no test runs if the checks fail", (t) => {
  const files = {
    "bench/src/a.test.ts": passing,
    "tools/src/check.ts": "process.exitCode = Number(process.env.HOLDFAST_SEED);",
  };
  assert.match(runTests(t, files, ["--checks"], { HOLDFAST_SEED: "0" }).output, /✔ a stone holds/);
  const { status, output } = runTests(t, files, ["--checks"], { HOLDFAST_SEED: "1" });
  assert.deepEqual([status, output], [1, ""]);
});

longTest("a selection that matches nothing is an error", (t) => {
  const { status, output } = runTests(t, { "packages/a/src/x.test.ts": passing }, ["nowhere"]);
  assert.equal(status, 1);
  assert.match(output, /No test file matches nowhere/);
});

longTest("a skip for a missing component fails the run only if components are required", (t) => {
  const files = { "packages/a/src/x.test.ts": lacking, "packages/a/src/y.test.ts": skipping };
  const without = runTests(t, files, []);
  assert.equal(without.status, 0);
  assert.match(
    without.output,
    /\nNot installed:\npackages\/a\/src\/x\.test\.ts: a stone swims: radosgw is not installed\n$/,
  );
  const { status, output } = runTests(t, files, [], { HOLDFAST_REQUIRE_COMPONENTS: "1" });
  assert.equal(status, 1, output);
  assert.match(output, /packages\/a\/src\/x\.test\.ts: a stone swims: radosgw is not installed/);
  assert.doesNotMatch(output, /lacked a component[^]*a stone flies/);
});

longTest("the gate excludes the long tier, which runs with a fresh seed and its timing files last", (t) => {
  const seedIs = (what: string) => `${head}test(what(), () => {});
function what() { return "${what} " + process.env.HOLDFAST_SEED; }`;
  const files = {
    "bench/src/a.timing.test.ts": seedIs("timing"),
    "bench/src/b.long.test.ts": seedIs("long"),
    "bench/src/c.test.ts": seedIs("gate"),
  };
  const gate = runTests(t, files, []);
  assert.match(gate.output, /✔ gate 1 [^]*ℹ tests 1\n/);
  assert.doesNotMatch(gate.output, /✔ (?:long|timing)/);
  const long = runTests(t, files, ["--long"]);
  const [, seed = ""] = /^HOLDFAST_SEED=(\d+)\n/.exec(long.output) ?? [];
  assert.match(long.output, new RegExp(`✔ long ${seed} [^]*✔ gate ${seed} [^]*✔ timing ${seed} `));
  assert.doesNotMatch(
    runTests(t, files, ["--long"]).output,
    new RegExp(`^HOLDFAST_SEED=${seed}\n`),
    "a new one each time",
  );
  assert.match(runTests(t, files, ["--long"], { HOLDFAST_SEED: "7" }).output, /✔ long 7 /);
  assert.match(runTests(t, files, ["bench/src/b.long.test.ts"]).output, /✔ long 1 [^]*ℹ tests 1\n/);
  assert.match(
    runTests(t, files, ["b.long"]).output,
    /^b\.long matches files of the long tier only: npm run test:long -- b\.long\n$/,
  );
});

longTest("two timing files never run in parallel", (t) => {
  const apart = `${head}import { mkdirSync, rmdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
test("a stone is weighed", async () => {
  mkdirSync("weighing");
  await setTimeout(300);
  rmdirSync("weighing");
});`;
  const { status, output } = runTests(t, { "bench/src/a.timing.test.ts": apart, "bench/src/b.timing.test.ts": apart }, [
    "--long",
  ]);
  assert.equal(status, 0, output);
  assert.match(output, /ℹ pass 2\n/);
});

longTest("a run that exceeds its time limit is stopped, fails, and names its current files", (t) => {
  const waiting = `${head}test("a stone sleeps", () => new Promise((resolve) => setTimeout(resolve, 600_000)));`;
  const files = { "packages/a/src/x.test.ts": waiting, "packages/a/src/y.test.ts": passing };
  const { status, output } = runTests(t, files, ["--run-timeout", "3"]);
  assert.equal(status, 1, output);
  assert.match(output, /The run is ended after 3 s, in the middle of packages\/a\/src\/x\.test\.ts\./);
  assert.doesNotMatch(output, /Once more, alone/);
});

longTest("an invalid time limit is rejected before anything runs", (t) => {
  const { status, output } = runTests(t, { "bench/src/a.test.ts": passing }, ["--file-timeout", "soon"]);
  assert.deepEqual([status, output], [1, "--file-timeout takes a number of seconds above 0, not soon.\n"]);
});

test("a file that passes when run again alone keeps the gate green, and is reported at the end", (t) => {
  const files = { "bench/src/a.test.ts": unsteady, "bench/src/b.test.ts": passing };
  const { status, output } = runTests(t, files, []);
  assert.equal(status, 0, output);
  assert.match(
    output,
    /\nUNSTEADY 1: bench\/src\/a\.test\.ts › a stone rolls: rolled away\nError: rolled away\n +at [^]*$/,
  );
  assert.equal(runTests(t, files, ["--long"]).status, 1, "not in the long tier");
});

test("a file that fails again alone fails the gate, and both failures are shown", (t) => {
  const { status, output } = runTests(t, { "bench/src/a.test.ts": failing, "bench/src/b.test.ts": unsteady }, []);
  assert.equal(status, 1, output);
  assert.equal(output.match(/✖ a stone breaks \(/g)?.length, 4, "each in its place and in the summary");
  assert.match(output, /UNSTEADY 1: bench\/src\/b/);
});

longTest("a test defined by a helper fails the file that called it", (t) => {
  const helper = `${head}export const suite = () => test("a stone sinks", () => { throw new Error("sunk"); });`;
  const file = 'import { suite } from "./helper.ts"; suite();';
  const { status, output } = runTests(t, { "bench/src/helper.ts": helper, "bench/src/a.test.ts": file }, []);
  assert.equal(status, 1, output);
  assert.match(output, /\nOnce more, alone: bench\/src\/a\.test\.ts\n/);
});

test("files of the gate share a process, and each failure is attributed to its own file", (t) => {
  const helper = `${head}export const suite = (breaks) => test("a stone sinks", () => { if (breaks) throw new Error("sunk"); });`;
  const noting = (breaks: boolean) => `import { appendFileSync } from "node:fs";
import { suite } from "./helper.ts";
appendFileSync("pids", process.pid + " " + process.env.HOLDFAST_TEST_SPAWN + "\\n");
suite(${breaks});`;
  const files = {
    "bench/src/helper.ts": helper,
    "bench/src/a.test.ts": noting(false),
    "bench/src/b.test.ts": noting(true),
    "bench/src/c.test.ts": noting(false),
  };
  const pidsOf = (...args: string[]) => {
    const { root, script, environment } = makeTree(t, files);
    const { status, stdout } = spawnSync(process.execPath, [script, ...args], { cwd: root, env: environment });
    assert.equal(status, 1, stdout.toString());
    const again = [...stdout.toString().matchAll(/^Once more, alone: (.*)$/gm)].map(([, file]) => file);
    return { pids: new Set(readFileSync(join(root, "pids"), "utf8").trim().split("\n")), again };
  };
  const gate = pidsOf();
  assert.deepEqual(gate.again, ["bench/src/b.test.ts"]);
  assert.equal(gate.pids.size, 2, "one for all, and one for the second run");
  for (const line of gate.pids) assert.match(line, / undefined$/, "servers and commands run in it");
  const long = pidsOf("--long");
  assert.equal(long.pids.size, 3, "in the long tier each has its own");
  for (const line of long.pids) assert.match(line, / 1$/, "and so has each server and command");
});

longTest("a file that ends its process fails the run, even if its tests passed", (t) => {
  const ending = `${head}test("a stone explodes", () => process.exit(0));`;
  for (const name of ["a.test.ts", "a.long.test.ts"]) {
    const { status, output } = runTests(t, { [`bench/src/${name}`]: ending }, ["--long"]);
    assert.equal(status, 1, output);
    assert.match(output, /process\.exit\(0\) was called before all tests had finished\./);
  }
  const program = `${head}import { execFileSync } from "node:child_process";
test("a program ends", () => void execFileSync(process.execPath, ["-e", "process.exit(0)"]));`;
  assert.equal(runTests(t, { "bench/src/a.test.ts": program }, []).status, 0);
});

longTest("a file that ends a shared process fails the run, and the others run again alone", (t) => {
  const ending = `${head}test("a stone explodes", () => process.kill(process.pid, "SIGKILL"));`;
  const files = { "bench/src/a.test.ts": passing, "bench/src/b.test.ts": ending, "bench/src/c.test.ts": passing };
  const { status, output } = runTests(t, files, []);
  assert.equal(status, 1, output);
  const again = [...output.matchAll(/^Once more, alone: (.*)$/gm)].map(([, file]) => file);
  assert.deepEqual(
    again.filter((file) => file !== "bench/src/a.test.ts"),
    ["bench/src/b.test.ts", "bench/src/c.test.ts"],
  );
  assert.doesNotMatch(output, /UNSTEADY/, "the others are not what ended it");
  const silent = `${head}test("a stone vanishes", () => process.reallyExit(0));`;
  const vanished = runTests(t, { ...files, "bench/src/b.test.ts": silent }, []);
  assert.equal(vanished.status, 1, vanished.output);
  assert.match(vanished.output, /\nbench\/src\/c\.test\.ts: Its process ended before it did\.\n/);
});

longTest("a leak of a file in a shared process is a failure, even if each file passes alone", (t) => {
  const leaving = `${passing}\nif (process.argv[1].includes("plain-")) process.once("beforeExit", () => process.exit(3));`;
  const files = { "bench/src/a.test.ts": leaving, "bench/src/b.test.ts": passing };
  const { status, output } = runTests(t, files, []);
  assert.equal(status, 0, output);
  assert.match(output, /UNSTEADY 1: bench\/src\/a[^]*UNSTEADY 2: bench\/src\/b/);
});

longTest("a web app that cannot be built fails the run", (t) => {
  const { status, output } = runTests(t, { "apps/web/package.json": "{}", "bench/src/a.pg.test.ts": passing }, []);
  assert.equal(status, 1, output);
  assert.match(output, /@holdfast\/web/);
});

longTest("no file runs again if more than five failed", (t) => {
  const files = Object.fromEntries(
    ["a", "b", "c", "d", "e", "f"].map((name) => [`bench/src/${name}.test.ts`, unsteady]),
  );
  const { status, output } = runTests(t, files, []);
  assert.equal(status, 1, output);
  assert.doesNotMatch(output, /Once more|UNSTEADY/);
});

longTest("each run is recorded in the history, which shows its counts and unsteady files", (t) => {
  const { root, script, environment } = makeTree(t, {
    "bench/src/a.test.ts": unsteady,
    "bench/src/b.test.ts": failing,
  });
  const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { cwd: root, env: environment });
  assert.match(run("--history").stdout.toString(), /^No run is recorded/);
  run();
  run("bench/src/a.test.ts");
  const lines = run("--history").stdout.toString().split("\n");
  assert.match(lines[0] ?? "", /no commit\+ {2}gate {2}red {2}2 tests, 2 failed, 0 skipped, .*1 unsteady$/);
  assert.match(lines[1] ?? "", /green {2}1 tests, 0 failed.*0 unsteady {2}bench\/src\/a\.test\.ts$/);
  assert.equal(lines[2], "unsteady in 1 of 2: bench/src/a.test.ts");
});

longTest(
  "only one of several large runs proceeds at a time, and the others name the one that they wait for",
  async (t) => {
    const name = `holdfast-test-run-${process.pid}`;
    const waiters: Socket[] = [];
    const held = createServer((socket) => {
      waiters.push(socket);
      socket.write("process 1 in the moon\n");
    });
    held.listen(`\0${name}`);
    await once(held, "listening");
    const files = Object.fromEntries(
      Array.from({ length: 11 }, (_, index) => [`bench/src/a${index}.test.ts`, passing]),
    );
    const { root, script, environment } = makeTree(t, files);
    const env = { ...environment, HOLDFAST_TEST_LOCK: name };
    const children = [1, 2].map(() => spawn(process.execPath, [script], { cwd: root, env }));
    const outputs = children.map(({ stdout }) => textOf(stdout));
    await until("both wait", () => waiters.length === 2);
    held.close();
    for (const waiter of waiters) waiter.end();
    const [one = "", other = ""] = await Promise.all(outputs);
    const moon = "Waiting for another run of the tests: process 1 in the moon.\n";
    for (const output of [one, other]) assert.ok(output.startsWith(moon) && output.includes("ℹ pass 11\n"), output);
    const pids = children.map(({ pid }) => pid).join("|");
    const again = new RegExp(`Waiting for another run of the tests: process (?:${pids}) in `);
    assert.equal([one, other].filter((output) => again.test(output)).length, 1, "the one that came second");
  },
);

longTest("--repeat runs a file several times beside busy processes, and counts its failures", (t) => {
  const counting = `${head}import { execFileSync } from "node:child_process";
test("a stone waits", () => {
  const busy = execFileSync("ps", ["--ppid", String(process.ppid), "-o", "args="], { encoding: "utf8" });
  console.log(\`beside \${busy.split("\\n").filter((args) => args.includes("setImmediate(work)")).length}\`);
});`;
  const files = { "packages/a/src/x.test.ts": unsteady, "packages/a/src/y.test.ts": counting };
  const { status, output } = runTests(t, files, ["--repeat", "3", "--beside", "2", "packages"]);
  assert.equal(status, 1, output);
  assert.match(output, /1 of 3 runs failed: packages\/a\/src\/x\.test\.ts\n0 of 3 runs failed: packages\/a\/src\/y/);
  assert.equal(output.match(/beside 2/g)?.length, 3, output);
  assert.doesNotMatch(output, /Once more|UNSTEADY/);
});

longTest("invalid values of --repeat and --beside are rejected, and nothing runs", (t) => {
  const files = { "packages/a/src/x.test.ts": passing };
  for (const [args, said] of [
    [["--repeat", "0", "packages"], /--repeat takes a whole number above 0, not 0/],
    [["--repeat", "2", "--beside", "-1", "packages"], /--beside/],
    [["--beside", "2", "packages"], /--beside goes with --repeat/],
    [["--repeat", "2"], /--repeat needs files/],
  ] as const) {
    const { status, output } = runTests(t, files, [...args]);
    assert.equal(status, 1, output);
    assert.match(output, said);
    assert.doesNotMatch(output, /a stone holds/);
  }
});

longTest("an interrupted run ends its processes and leaves nothing in the temporary folder", async (t) => {
  const waiting = `${head}import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
test("a stone sleeps", async () => {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  console.log("SLEEPS", child.pid, tmpdir(), "END");
  await new Promise((resolve) => child.once("exit", resolve));
});`;
  const { root, script, environment } = makeTree(t, { "packages/a/src/x.test.ts": waiting });
  const run = spawn(process.execPath, [script], { cwd: root, env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  run.stdout.setEncoding("utf8").on("data", (more: string) => (said += more));
  await until("the test runs", () => said.includes("END"));
  const [, pid, folder] = /SLEEPS (\d+) (\S+) END/.exec(said) ?? [];
  assert.ok(folder !== undefined && existsSync(folder));
  run.kill("SIGINT");
  assert.deepEqual(await once(run, "exit"), [130, null]);
  assert.equal(existsSync(folder), false);
  // The process disappears once its new parent has reaped it.
  await until("what the test started has ended", () => spawnSync("kill", ["-0", pid ?? ""]).status !== 0);
});
