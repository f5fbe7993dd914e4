import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { KnownFolder } from "../../data-folder/known-folder.ts";
import type { DatabaseLog } from "../database-log.ts";
import type { Account } from "./account.ts";
import { killProcessesOf, programIdOf } from "./leftover.ts";
import { cannotStart, failure, startProgram } from "./program.ts";

export interface Postmaster {
  readonly pid: number;
  /** Resolves once, when the process is gone. */
  readonly exited: Promise<string>;
  /** Fast (sessions are cut off, a checkpoint is written), then immediate (recovery at the next start), then by force. */
  stop(): Promise<void>;
  /** All its processes at once. It writes `global/pg_control` by its path, so nothing else ends it where another cluster stands there. */
  kill(): Promise<void>;
}

export interface PostmasterOptions {
  readonly program: string;
  readonly cluster: KnownFolder;
  readonly settings: Readonly<Record<string, string>>;
  readonly account: Account;
  readonly log: DatabaseLog;
}

/** Resolves when the database takes connections, however long its recovery takes. @throws HoldfastError when it ends before */
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
    // First of all the one that would start others in place of those that are killed.
    child.kill("SIGKILL");
    return killProcessesOf(cluster.id, programId);
  };
  // Whatever way this process leaves, short of being killed, it takes the database along: fast, which asks nothing more of us.
  const leave = () => (cluster.isHere() ? child.kill("SIGINT") : killAll());
  process.once("exit", leave);
  child.once("exit", () => process.off("exit", leave));
  let isStopping = false;
  const said = await untilReady(child, options, exited, () => isStopping);
  if (said !== undefined) throw failure("unavailable", "The database did not start", said, cluster.path);
  programId = programIdOf(child.pid ?? 0);
  const kill = async () => {
    isStopping = true;
    const end = performance.now() + stopTimeoutMs;
    while (killAll() > 0 && performance.now() < end) await delay(10);
    await endsWithin(exited, stopTimeoutMs);
  };
  const stopIt = () => {
    isStopping = true;
    return cluster.isHere() ? stop(child, exited, log) : kill();
  };
  return { pid: child.pid ?? 0, exited, stop: stopIt, kill };
}

const stopTimeoutMs = 5000;

/** @returns undefined when it is ready, its last lines when it ended instead */
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
    // The sessions share the pipe, so it may stay open when the postmaster itself has been killed.
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

/** Of each session that a stop ends (57P01), and of one that somebody ends by hand. */
const cutOff = "FATAL:  terminating connection due to administrator command";

/** It died, mends itself, or lacks something. That it starts, stops and looks after itself is nothing to tell anybody. */
const remarkable =
  /terminated by signal|terminating any other|recovery|redo |could not|No space left|corrupt|invalid page/;

async function stop(child: ChildProcess, exited: Promise<string>, log: DatabaseLog): Promise<void> {
  for (const name of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    child.kill(name);
    if (await endsWithin(exited, stopTimeoutMs)) return;
    log.warn({ signal: name }, "the database does not stop");
  }
}

async function endsWithin(exited: Promise<string>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const ended = await Promise.race([exited.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}
