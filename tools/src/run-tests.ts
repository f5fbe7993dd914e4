import { existsSync, globSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { compose } from "node:stream";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

/** Two cores are what the smallest machine that builds Holdfast has; files are processes of their own. */
const filesAtOnce = 2;
/** Far beyond the slowest file: a test that hangs ends the run instead of blocking it. */
const fileTimeoutMs = 15 * 60_000;

const usage = `npm test -- [--name <pattern>]… [<file or folder> | <part of a path>]…
  without arguments: every *.test.ts of packages, apps, bench and tools`;

const root = resolve(import.meta.dirname, "../..");
const mustHaveComponents = process.env["HOLDFAST_REQUIRE_COMPONENTS"] === "1";

// Programs that tests start, `env node` among them, find the Node that runs the tests.
process.env["PATH"] = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { name: { type: "string", multiple: true, default: [] }, help: { type: "boolean", default: false } },
});

if (values.help) console.log(usage);
else runFiles(select(positionals), values.name);

function runFiles(files: readonly string[], names: readonly string[]): void {
  if (files.length === 0) {
    console.error(`No test file matches ${positionals.join(" ")}.\n${usage}`);
    process.exitCode = 1;
    return;
  }
  const lacking: string[] = [];
  const events = run({
    files: files.map((file) => join(root, file)),
    cwd: root,
    concurrency: filesAtOnce,
    timeout: fileTimeoutMs,
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
  const report = compose(events, new spec());
  report.on("end", () => {
    if (!mustHaveComponents || lacking.length === 0) return;
    console.error(`HOLDFAST_REQUIRE_COMPONENTS=1, but these tests lacked a component:\n${lacking.join("\n")}`);
    process.exitCode = 1;
  });
  report.pipe(process.stdout);
}

/** All test files, or those that are, or lie in, or whose path contains one of `wanted`. */
function select(wanted: readonly string[]): string[] {
  const all = globSync("{packages/*,apps/*,bench,tools}/src/**/*.test.ts", { cwd: root }).toSorted();
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
