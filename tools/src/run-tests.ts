import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { once } from "node:events";
import { dirname, join, relative, resolve } from "node:path";
import { compose } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inspect, parseArgs } from "node:util";
import { startBusyProcesses } from "./busy-processes.ts";
import { FileTimes } from "./file-times.ts";
import { aloneIn, batchesOf, type Failure, FileFailures } from "./test-batches.ts";
import { clearTestFolder, fastFolder, makeTestFolder, sweepTestFolders } from "./test-folder.ts";
import { holdTestRunLock } from "./test-run-lock.ts";
import { describeTestRuns, keepTestRun } from "./test-runs.ts";
import { isLong, isSharded, matchingTests, selectTests } from "./test-selection.ts";

/** Processes. The smallest build machine has two cores, and one of three files usually waits. */
const filesAtOnce = 3;
/** Upper bound: the tests' temporary files are below 2 GB. */
const roomBytes = 8 * 2 ** 30;
/** Far longer than the slowest file, so that a hanging test ends the run. */
const fileTimeoutMs = 8 * 60_000;
/**
 * Short-lived processes spend their life growing the young generation. Starting it larger saves collections: 3 % of the
 * time of all files.
 */
const youngGeneration = ["--min-semi-space-size=16", "--max-semi-space-size=32"];
/** Continuous integration allows 90 minutes, and shows nothing of a run that it ended. */
const gateTimeoutMs = 60 * 60_000;
const longTimeoutMs = 4 * gateTimeoutMs;

/** Databases in which the long tier repeats the tests of accounts and files. */
const shards = 3;

/** Fixed, so that repeated runs of a commit are equal. A release changes it in a separate commit. */
const gateSeed = "1";
/** More failures indicate a broken machine or change, which a second run does not fix. */
const retriedFilesMax = 5;
/** Larger runs load the machine, and two at once would distort each other's times. */
const filesLocked = 10;

const usage = `npm test -- [--long] [--name <pattern>]… [--file-timeout <seconds>] [--run-timeout <seconds>] [--repeat <n> [--beside <n>]] [<file or folder> | <part of a path>]…
  without arguments: the gate, which is every *.test.ts of packages, apps, examples, bench and tools but those of the long tier
  --long     *.long.test.ts and *.timing.test.ts too, with a fresh seed (HOLDFAST_SEED=… for a known one); no file gets a second run
  --checks   npm run check before, and no test where it fails
  --repeat   runs the files that many times, one file at a time, and says how often each failed; --beside busy processes
  --history  the last runs on this machine; a + after the commit: with changes that are not committed`;

const root = resolve(import.meta.dirname, "../..");
const repeatedPasswords = new URL("./repeated-passwords.ts", import.meta.url);
const checks = join(import.meta.dirname, "check.ts");
const mustHaveComponents = process.env["HOLDFAST_REQUIRE_COMPONENTS"] === "1";

// Programs started by tests, such as `env node`, use this Node.
process.env["PATH"] = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checks: { type: "boolean", default: false },
    long: { type: "boolean", default: false },
    name: { type: "string", multiple: true, default: [] },
    "file-timeout": { type: "string" },
    "run-timeout": { type: "string" },
    repeat: { type: "string" },
    beside: { type: "string", default: "0" },
    history: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Aborted by a signal, after which no file starts. */
const interruption = new AbortController();
const fileTimeoutSeconds = values["file-timeout"] === undefined ? undefined : Number(values["file-timeout"]);
const runTimeoutSeconds = values["run-timeout"] === undefined ? undefined : Number(values["run-timeout"]);
const repeats = values.repeat === undefined ? undefined : Number(values.repeat);
const busyProcesses = Number(values.beside);
const misuse = findMisuse();

if (values.help) console.log(usage);
else if (misuse !== undefined) {
  console.error(misuse);
  process.exitCode = 1;
} else if (values.history) for (const line of describeTestRuns()) console.log(line);
else await runFiles(selectTests(root, positionals, values.long));

function findMisuse(): string | undefined {
  for (const option of ["file-timeout", "run-timeout"] as const) {
    const seconds = values[option];
    if (seconds !== undefined && !(Number(seconds) > 0)) {
      return `--${option} takes a number of seconds above 0, not ${seconds}.`;
    }
  }
  if (repeats !== undefined && !(Number.isInteger(repeats) && repeats > 0)) {
    return `--repeat takes a whole number above 0, not ${values.repeat}.`;
  }
  if (!(Number.isInteger(busyProcesses) && busyProcesses >= 0)) {
    return `--beside takes a number of processes, not ${values.beside}.`;
  }
  if (busyProcesses > 0 && repeats === undefined) return "--beside goes with --repeat.";
  if (repeats !== undefined && positionals.length === 0) return "--repeat needs files or a part of a path.";
  return undefined;
}

interface Outcome {
  /** First failure of each failed file. */
  readonly failures: ReadonlyMap<string, Failure>;
  readonly tests: number;
  readonly failedTests: number;
  readonly skippedTests: number;
  /** One line for each test skipped for lack of a program. */
  readonly lacking: readonly string[];
}

async function runFiles(files: readonly string[]): Promise<void> {
  if (files.length === 0) {
    const wanted = positionals.join(" ");
    console.error(
      matchingTests(root, positionals).length > 0
        ? `${wanted} matches files of the long tier only: npm run test:long -- ${wanted}`
        : `No test file matches ${wanted}.\n${usage}`,
    );
    process.exitCode = 1;
    return;
  }
  if (files.length > filesLocked) await holdTestRunLock();
  if (values.checks && spawnSync(process.execPath, [checks], { cwd: root, stdio: "inherit" }).status !== 0) {
    process.exitCode = 1;
    return;
  }
  const startMs = performance.now();
  const isOfLongTier = values.long || files.some(isLong);
  const tierTimeoutMs = isOfLongTier ? longTimeoutMs : gateTimeoutMs;
  const runMs = runTimeoutSeconds === undefined ? tierTimeoutMs : runTimeoutSeconds * 1000;
  const late = AbortSignal.timeout(runMs);
  const seed = (process.env["HOLDFAST_SEED"] ??= values.long ? String(randomInt(2 ** 30)) : gateSeed);
  if (values.long) console.log(`HOLDFAST_SEED=${seed}`);
  // The long tier starts each command and server as a process. The gate runs them in the test's process, which saves
  // most of their time.
  if (isOfLongTier) process.env["HOLDFAST_TEST_SPAWN"] = "1";
  const clear = await openTestFolder(isOfLongTier);
  const mayServe = files.some((file) => /\.(?:pg|browser)\./.test(file));
  const isBuilt = !mayServe || !existsSync("apps/web/package.json") || (await buildApp());
  const runs = { isOfLongTier, runMs, late };
  const outcome = repeats === undefined ? await runTier(files, runs) : await repeat(files, repeats, runs);
  const passed = repeats === undefined ? await retry(outcome.failures, runs) : [];
  await clear();
  const failed = [...outcome.failures.keys()].filter((file) => !passed.includes(file));
  for (const [file, { error, isSilent }] of outcome.failures)
    if (isSilent === true) console.log(`${file}: ${error.message}`);
  // Files after the one that ended their process are not unsteady.
  const broken = new Set(failed.map((file) => outcome.failures.get(file)?.batch));
  const unsteady = passed.filter((file) => {
    const batch = outcome.failures.get(file)?.batch;
    return batch === undefined || !broken.has(batch);
  });
  const lacks = mustHaveComponents && outcome.lacking.length > 0;
  const isGreen = isBuilt && failed.length === 0 && !lacks;
  if (!isGreen) process.exitCode = 1;
  if (outcome.lacking.length > 0) {
    const heading = lacks ? "HOLDFAST_REQUIRE_COMPONENTS=1, but these tests lacked a component:" : "Not installed:";
    console.log([heading, ...outcome.lacking].join("\n"));
  }
  const mended = [...outcome.failures].filter(([file]) => unsteady.includes(file));
  for (const [index, [file, { test, error }]] of mended.entries()) {
    console.log(`UNSTEADY ${index + 1}: ${file} › ${test}: ${error.message}\n${inspect(error)}`);
  }
  if (repeats !== undefined) return;
  keepTestRun(
    {
      tier: values.long ? "long" : "gate",
      chosen: positionals,
      seed,
      result: isGreen ? "green" : "red",
      tests: outcome.tests,
      failedTests: outcome.failedTests,
      skippedTests: outcome.skippedTests,
      seconds: Math.round((performance.now() - startMs) / 1000),
      unsteady,
      failed,
    },
    root,
  );
}

/** Runs time and memory tests last and one by one, because they are meaningless on a busy machine. */
async function runTier(files: readonly string[], runs: Runs): Promise<Outcome> {
  const timing = files.filter((file) => file.endsWith(".timing.test.ts"));
  const others = files.filter((file) => !timing.includes(file));
  const outcomes: Outcome[] = [];
  // A single file may run long, like a soak.
  const fileMs = positionals.length > 0 && files.length === 1 ? longTimeoutMs : fileTimeoutMs;
  if (others.length > 0) outcomes.push(await report(others, { ...runs, fileMs, concurrency: filesAtOnce }));
  const sharded = values.long && positionals.length === 0 ? others.filter(isSharded) : [];
  if (sharded.length > 0) {
    console.log(`On ${shards} shards:`);
    process.env["HOLDFAST_TEST_SHARDS"] = String(shards);
    outcomes.push(await report(sharded, { ...runs, fileMs, concurrency: filesAtOnce }));
    delete process.env["HOLDFAST_TEST_SHARDS"];
  }
  if (timing.length > 0) outcomes.push(await report(timing, { ...runs, fileMs, concurrency: 1 }));
  return sumOf(outcomes);
}

/** Runs each file repeatedly, alone except for the busy processes, to reveal timing problems. */
async function repeat(files: readonly string[], times: number, runs: Runs): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  const failedRuns = new Map(files.map((file) => [file, 0]));
  const endBusyProcesses = startBusyProcesses(busyProcesses);
  try {
    for (let round = 1; round <= times; round += 1) {
      const outcome = await report(files, { ...runs, fileMs: fileTimeoutMs, concurrency: 1 });
      for (const file of outcome.failures.keys()) failedRuns.set(file, (failedRuns.get(file) ?? 0) + 1);
      outcomes.push(outcome);
    }
  } finally {
    endBusyProcesses();
  }
  for (const [file, count] of failedRuns) console.log(`${count} of ${times} runs failed: ${file}`);
  return sumOf(outcomes);
}

function sumOf(outcomes: readonly Outcome[]): Outcome {
  const sum = (count: (outcome: Outcome) => number) => outcomes.map(count).reduce((a, b) => a + b, 0);
  return {
    failures: new Map(outcomes.flatMap(({ failures }) => [...failures])),
    tests: sum(({ tests }) => tests),
    failedTests: sum(({ failedTests }) => failedTests),
    skippedTests: sum(({ skippedTests }) => skippedTests),
    lacking: [...new Set(outcomes.flatMap(({ lacking }) => lacking))],
  };
}

/**
 * Repeats failed files alone in the gate, so that a busy machine blocks no change. Node's own retry repeats single
 * tests, which depend on others of their file.
 * @returns files that passed then
 */
async function retry(failures: ReadonlyMap<string, Failure>, runs: Runs): Promise<string[]> {
  // Files left undone by a broken process count as one incident.
  const incidents = new Set([...failures].map(([file, { batch }]) => batch ?? file));
  if ([...failures.values()].some(({ isSilent }) => isSilent === true)) return [];
  if (runs.isOfLongTier || runs.late.aborted || interruption.signal.aborted || incidents.size > retriedFilesMax)
    return [];
  const passed: string[] = [];
  for (const file of failures.keys()) {
    console.log(`Once more, alone: ${file}`);
    const alone = await report([file], { ...runs, fileMs: fileTimeoutMs, concurrency: 1 });
    if (alone.failures.size === 0) passed.push(file);
  }
  return passed;
}

/** Builds the app once for all tests that start servers by the command. */
async function buildApp(): Promise<boolean> {
  try {
    const { prepareApp } = await import("@holdfast/web/build/prepare-app");
    const building = () => console.log("Building the web app, once.");
    await prepareApp({ building, signal: new AbortController().signal });
    return true;
  } catch (error) {
    console.error((error as Error).message);
    return false;
  }
}

/**
 * Creates the run's folder, and clears leftovers of killed runs.
 * @returns a function that removes everything left by this run, which also runs on a signal
 */
async function openTestFolder(isOfLongTier: boolean): Promise<() => Promise<void>> {
  const places = [tmpdir(), "/dev/shm", "/var/tmp"].filter((place) => existsSync(place));
  const sweep = async (): Promise<void> => {
    for (const place of places) await sweepTestFolders(place);
  };
  await sweep();
  const folder = makeTemporaryFolder(isOfLongTier);
  const clear = async (): Promise<void> => {
    await clearTestFolder(folder);
    await sweep();
  };
  clearOnSignal(clear);
  return clear;
}

/**
 * Sets a temporary folder for all files of the run. In the gate it is in memory if there is room, unless TMPDIR is set.
 * The long tier uses the disk, like real devices and servers.
 */
function makeTemporaryFolder(isOfLongTier: boolean): string {
  const isChosen = isOfLongTier || process.env["TMPDIR"] !== undefined;
  const folder = makeTestFolder(isChosen ? tmpdir() : fastFolder(roomBytes));
  process.env["TMPDIR"] = folder;
  // Stripping types and compiling take half the time of a short command, so all processes of the run share the result.
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
  return folder;
}

/** Ctrl-C leaves no process and no files in memory. */
function clearOnSignal(clear: () => Promise<void>): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => {
      interruption.abort();
      void clear().finally(() => process.exit(128 + constants.signals[signal]));
    });
}

interface Runs {
  /** Uses separate processes for each file, server and command, uses the disk, and retries no file. */
  readonly isOfLongTier: boolean;
  readonly runMs: number;
  /** Aborted at the time limit. */
  readonly late: AbortSignal;
}

interface ReportOptions extends Runs {
  readonly fileMs: number;
  readonly concurrency: number;
}

async function report(files: readonly string[], options: ReportOptions): Promise<Outcome> {
  const { isOfLongTier, runMs, late, fileMs, concurrency } = options;
  const isBatched = !isOfLongTier && repeats === undefined && values.name.length === 0;
  const batches = isBatched ? batchesOf(root, files, tmpdir()) : aloneIn(root, files);
  const limit = new URL("./file-limit.ts", import.meta.url);
  const preloads = files.length > 1 ? [new URL("./untracked-promises.ts", import.meta.url), limit] : [limit];
  if (isBatched && existsSync(repeatedPasswords)) preloads.push(repeatedPasswords);
  const outcome = new FileFailures(batches);
  const lacking: string[] = [];
  const counts = { tests: 0, failedTests: 0, skippedTests: 0 };
  const times = new FileTimes();
  const timeoutMs = fileTimeoutSeconds === undefined ? fileMs : fileTimeoutSeconds * 1000;
  process.env["TEST_FILE_TIMEOUT_MS"] = String(timeoutMs);
  const sayLate = () => {
    const after = runMs < 60_000 ? `${runMs / 1000} s` : `${runMs / 60_000} minutes`;
    console.error(`The run is ended after ${after}, in the middle of ${times.running().join(", ")}.`);
  };
  late.addEventListener("abort", sayLate);
  const events = run({
    files: batches.map(({ entry }) => entry),
    cwd: root,
    concurrency,
    timeout: timeoutMs,
    execArgv: [...youngGeneration, ...preloads.flatMap(({ href }) => ["--import", href])],
    signal: AbortSignal.any([late, interruption.signal]),
    ...(values.name.length > 0 && { testNamePatterns: values.name }),
  });
  // A todo test is a known defect, shown in every run until it is fixed.
  events.on("test:fail", (end) => {
    const { error } = end.details;
    if (end.todo === undefined) outcome.failed(end, error.cause instanceof Error ? error.cause : error);
  });
  events.on("test:pass", (end) => {
    const { name, skip, entryFile, file } = end;
    outcome.passed(end);
    if (typeof skip === "string" && skip.endsWith("is not installed")) {
      const isBatch = batches.some(({ entry, files: some }) => entry === entryFile && some.length > 1);
      lacking.push(`${relative(root, (isBatch ? file : entryFile) ?? "")}: ${name}: ${skip}`);
    }
  });
  events.on("test:summary", ({ file, counts: { tests, passed, skipped, todo } }) => {
    if (file !== undefined) return;
    Object.assign(counts, { tests, failedTests: tests - passed - skipped - todo, skippedTests: skipped });
  });
  // These two events are immediate; all others wait for reports of earlier files.
  const fileOf = ({ name, file }: { readonly name: string; readonly file?: string | undefined }) =>
    files.find((each) => each === name || (name === file && join(root, each) === file));
  events.on("test:dequeue", (begun) => times.begin(fileOf(begun)));
  events.on("test:complete", (ended) => times.end(fileOf(ended)));
  const output = compose(events, new spec());
  output.pipe(process.stdout, { end: false });
  await once(output, "end");
  late.removeEventListener("abort", sayLate);
  outcome.finish();
  for (const line of times.slowest()) console.log(line);
  return { failures: outcome.failures, ...counts, lacking };
}
