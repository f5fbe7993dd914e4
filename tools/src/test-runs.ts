import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { homedir, loadavg } from "node:os";
import { dirname, join } from "node:path";

export interface TestRun {
  /** ISO 8601, end of the run. */
  readonly at: string;
  readonly commit: string | undefined;
  /** The work tree equaled that commit. */
  readonly isClean: boolean;
  readonly tier: "gate" | "long";
  /** Files and path parts of the command line; empty for a whole tier. */
  readonly chosen: readonly string[];
  readonly seed: string;
  readonly result: "green" | "red";
  readonly tests: number;
  readonly failedTests: number;
  readonly skippedTests: number;
  readonly seconds: number;
  /** Machine load, averaged over the last five minutes of the run. */
  readonly load: number;
  /** Files that failed and passed when repeated alone. */
  readonly unsteady: readonly string[];
  readonly failed: readonly string[];
}

const shownRuns = 20;

/** Appends a run to this user's history. */
export function keepTestRun(run: Omit<TestRun, "at" | "commit" | "isClean" | "load">, root: string): void {
  const commit = git(root, "rev-parse", "HEAD");
  const isClean = git(root, "status", "--porcelain") === "";
  const line: TestRun = { at: new Date().toISOString(), commit, isClean, load: loadavg()[1] ?? 0, ...run };
  mkdirSync(dirname(historyPath()), { recursive: true });
  appendFileSync(historyPath(), `${JSON.stringify(line)}\n`);
}

export function describeTestRuns(): string[] {
  const runs = readRuns().slice(-shownRuns);
  if (runs.length === 0) return [`No run is recorded in ${historyPath()}.`];
  const counts = new Map<string, number>();
  for (const file of runs.flatMap(({ unsteady }) => unsteady)) counts.set(file, (counts.get(file) ?? 0) + 1);
  const unsteady = [...counts].toSorted(([, a], [, b]) => b - a);
  return [...runs.map(describe), ...unsteady.map(([file, count]) => `unsteady in ${count} of ${runs.length}: ${file}`)];
}

function describe(run: TestRun): string {
  const commit = `${run.commit?.slice(0, 8) ?? "no commit"}${run.isClean ? "" : "+"}`;
  const counts = `${run.tests} tests, ${run.failedTests} failed, ${run.skippedTests} skipped`;
  const figures = `${(run.seconds / 60).toFixed(1)} min, load ${run.load.toFixed(1)}, ${run.unsteady.length} unsteady`;
  return [run.at.slice(0, 16), commit, run.tier, run.result, `${counts}, ${figures}`, ...run.chosen].join("  ");
}

function readRuns(): TestRun[] {
  try {
    const lines = readFileSync(historyPath(), "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as TestRun);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function historyPath(): string {
  return join(homedir(), ".cache/holdfast/test-runs.jsonl");
}

/** Returns undefined outside of a git checkout. */
function git(root: string, ...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
