import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { within } from "../../within.ts";
import type { KnownFolder } from "../../data-folder/known-folder.ts";
import type { DatabaseLog } from "../database-log.ts";
import type { Account } from "./account.ts";
import { killProcessesOf, programIdOf } from "./leftover.ts";
import { cannotStart, failure, startProgram } from "./program.ts";

export interface Postmaster {
  readonly pid: number;
  /** Resolves when the process has ended, with the signal or exit code. */
  readonly exited: Promise<string>;
  /** Stops fast (with a checkpoint), then immediately (recovery at the next start), then by SIGKILL. */
  stop(): Promise<void>;
  /** If another cluster is at its path, nothing else is safe, because PostgreSQL writes `global/pg_control` by path. */
  kill(): Promise<void>;
}

export interface PostmasterOptions {
  readonly program: string;
  readonly cluster: KnownFolder;
  readonly settings: Readonly<Record<string, string>>;
  readonly account: Account;
  readonly log: DatabaseLog;
  readonly onSpawn?: (() => void) | undefined;
}

/** Resolves when the database accepts connections, after any recovery. @throws HoldfastError if it ends before */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const settings = Object.entries(options.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { cluster, log } = options;
  const child = startProgram(options.program, ["-D", cluster.path, ...settings], options.account, {
    folder: cluster.path,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`));
  });
  let programId = "";
  const killAll = () => {
    // First, because the postmaster would restart killed processes.
    child.kill("SIGKILL");
    return killProcessesOf(cluster.id, programId);
  };
  // On any exit of this process except SIGKILL, stops the database too; a fast stop needs no further action.
  const leave = () => (cluster.isHere() ? child.kill("SIGINT") : killAll());
  process.once("exit", leave);
  child.once("exit", () => process.off("exit", leave));
  let isStopping = false;
  options.onSpawn?.();
  const said = await untilReady(child, options, exited, () => isStopping);
  if (said !== undefined) throw failure("unavailable", "The database did not start", said, cluster.path);
  programId = programIdOf(child.pid ?? 0);
  const kill = async () => {
    isStopping = true;
    const end = performance.now() + stopTimeoutMs;
    while (killAll() > 0 && performance.now() < end) await delay(10);
    await within(stopTimeoutMs, exited, () => {});
  };
  const stopIt = () => {
    isStopping = true;
    return cluster.isHere() ? stop(child, exited, log) : kill();
  };
  return { pid: child.pid ?? 0, exited, stop: stopIt, kill };
}

const stopTimeoutMs = 5000;

/** @returns undefined when ready; otherwise its last lines */
function untilReady(
  child: ChildProcess,
  options: PostmasterOptions,
  exited: Promise<string>,
  isStopping: () => boolean,
): Promise<readonly string[] | undefined> {
  const lastLines: string[] = [];
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(cannotStart(options.program, error)));
    if (child.stderr === null) return;
    const lines = createInterface({ input: child.stderr });
    lines.on("line", (line) => {
      report(line, options.log, isStopping());
      lastLines.push(line);
      if (lastLines.length > 10) lastLines.shift();
      if (line.includes("database system is ready to accept connections")) resolve(undefined);
    });
    // A killed postmaster's sessions may keep the pipe open.
    void exited.then((how) => setImmediate(() => resolve([...lastLines, `it ended with ${how}`])));
  });
}

function report(line: string, log: DatabaseLog, isStopping: boolean): void {
  const said = { database: line };
  if (isStopping && line === cutOff) log.debug(said, "the database reports");
  else if (/^(PANIC|FATAL):/.test(line)) log.warn(said, "the database reports");
  else if (remarkable.test(line)) log.info(said, "the database reports");
  else log.debug(said, "the database reports");
}

/** Reported for each session that a stop (57P01) or an administrator ends. */
const cutOff = "FATAL:  terminating connection due to administrator command";

/** Normal starts, stops and maintenance are not logged. */
const remarkable =
  /terminated by signal|terminating any other|recovery|redo |could not|No space left|corrupt|invalid page/;

async function stop(child: ChildProcess, exited: Promise<string>, log: DatabaseLog): Promise<void> {
  const hasExited = exited.then(() => true);
  for (const name of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    child.kill(name);
    if (await within(stopTimeoutMs, hasExited, () => false)) return;
    log.warn({ signal: name }, "the database does not stop");
  }
}
