import { chmodSync, existsSync, globSync } from "node:fs";
import { tmpdir } from "node:os";
import { once } from "node:events";
import { dirname, join, relative, resolve } from "node:path";
import { compose } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { FileTimes } from "./file-times.ts";
import { clearTestFolder, makeTestFolder, sweepTestFolders } from "./test-folder.ts";

/** Processes of their own. The smallest machine that builds Holdfast has two cores, and of three files one mostly waits for something. */
const filesAtOnce = 3;
/** Far beyond the slowest file: a test that hangs ends the run instead of blocking it. */
const fileTimeoutMs = 8 * 60_000;

/** Continuous integration gives it 90 minutes, and tells nothing of a run that it ended. */
const runTimeoutMs = 75 * 60_000;

const usage = `npm test -- [--name <pattern>]… [--file-timeout <seconds>] [<file or folder> | <part of a path>]…
  without arguments: every *.test.ts of packages, apps, examples, bench and tools`;

const root = resolve(import.meta.dirname, "../..");
const mustHaveComponents = process.env["HOLDFAST_REQUIRE_COMPONENTS"] === "1";

// Programs that tests start, `env node` among them, find the Node that runs the tests.
process.env["PATH"] = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: "string", multiple: true, default: [] },
    "file-timeout": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else await runFiles(select(positionals), values.name, values["file-timeout"]);

async function runFiles(files: readonly string[], names: readonly string[], seconds?: string): Promise<void> {
  if (files.length === 0) {
    console.error(`No test file matches ${positionals.join(" ")}.\n${usage}`);
    process.exitCode = 1;
    return;
  }
  const places = [tmpdir(), "/dev/shm"].filter((place) => existsSync(place));
  for (const place of places) await sweepTestFolders(place);
  const folder = makeTemporaryFolder();
  const mayServe = files.some((file) => /\.(?:pg|browser)\.test\.ts$/.test(file));
  if (mayServe && existsSync("apps/web/package.json")) await buildApp();
  // One that runs by itself is asked for how long it takes, as a soak is.
  const defaultMs = files.length === 1 ? runTimeoutMs : fileTimeoutMs;
  await report(files, names, seconds === undefined ? defaultMs : Number(seconds) * 1000);
  await clearTestFolder(folder);
  for (const place of places) await sweepTestFolders(place);
}

/** Once for all tests that start servers by the command, each of which would build it else. */
async function buildApp(): Promise<void> {
  try {
    // Only those that need it load it.
    const { prepareApp } = await import("@holdfast/web/build/prepare-app");
    const building = () => console.log("Building the web app, once.");
    await prepareApp({ building, signal: new AbortController().signal });
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

/** All that tests leave in the temporary folder they leave in one of this run, which goes with it or with the next. */
function makeTemporaryFolder(): string {
  const folder = makeTestFolder();
  // Root's databases run as other users, who have to pass to folders of their own in here.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  process.env["TMPDIR"] = folder;
  // Half of what a short command costs is to strip types and compile: all processes of the run do it once.
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
  return folder;
}

async function report(files: readonly string[], names: readonly string[], timeoutMs: number): Promise<void> {
  const lacking: string[] = [];
  const times = new FileTimes();
  process.env["TEST_FILE_TIMEOUT_MS"] = String(timeoutMs);
  const late = AbortSignal.timeout(runTimeoutMs);
  late.addEventListener("abort", () => {
    console.error(
      `The run is ended after ${runTimeoutMs / 60_000} minutes, in the middle of ${times.running().join(", ")}.`,
    );
  });
  const events = run({
    files: files.map((file) => join(root, file)),
    cwd: root,
    concurrency: filesAtOnce,
    timeout: timeoutMs,
    execArgv: ["--import", new URL("./file-limit.ts", import.meta.url).href],
    signal: late,
    ...(names.length > 0 && { testNamePatterns: [...names] }),
  });
  // A test marked as todo is a known defect that is shown in every run until it is mended.
  events.on("test:fail", ({ todo }) => {
    if (todo === undefined) process.exitCode = 1;
  });
  events.on("test:pass", ({ name, skip, file }) => {
    if (typeof skip === "string" && skip.endsWith("is not installed")) {
      lacking.push(`${relative(root, file ?? "")}: ${name}: ${skip}`);
    }
  });
  // These two come when it happens; all others wait until the files before are reported.
  events.on("test:dequeue", ({ name, file }) => name === file && times.begin(relative(root, name)));
  events.on("test:complete", ({ name, file }) => name === file && times.end(relative(root, name)));
  const output = compose(events, new spec());
  output.pipe(process.stdout);
  await once(output, "end");
  for (const line of times.slowest()) console.log(line);
  if (!mustHaveComponents || lacking.length === 0) return;
  console.error(`HOLDFAST_REQUIRE_COMPONENTS=1, but these tests lacked a component:\n${lacking.join("\n")}`);
  process.exitCode = 1;
}

/** All test files, or those that are, or lie in, or whose path contains one of `wanted`. */
function select(wanted: readonly string[]): string[] {
  const all = globSync("{packages/*,apps/*,examples/*,bench,tools}/{src,build}/**/*.test.ts", { cwd: root }).toSorted();
  if (wanted.length === 0) return all;
  return all.filter((file) =>
    wanted.some((each) => {
      const path = relative(root, resolve(process.env["INIT_CWD"] ?? ".", each));
      return existsSync(join(root, path))
        ? file === path || file.startsWith(`${path}/`) || path === ""
        : file.includes(each);
    }),
  );
}
