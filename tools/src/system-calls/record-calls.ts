import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { findProgram } from "../components.ts";
import type { FileCall } from "./file-call.ts";
import { readSpied } from "./read-spied.ts";
import { readStrace, tracedCalls } from "./read-strace.ts";
import type { Recording } from "./undurable.ts";

export interface RecordedCommand {
  readonly command: readonly [program: string, ...args: string[]];
  /** Observed folder; its current content counts as durable. */
  readonly folder: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  /** Default: the best available recorder. */
  readonly by?: "strace" | "spy";
}

/**
 * Runs a program to its end and records its file changes by strace. If strace cannot trace, it spies on Node's own
 * calls (`spy-on-calls.ts`), which misses a library's native calls. If components are required, strace is mandatory.
 * @throws HoldfastError failed if the exit code is not 0
 */
export async function recordCalls(t: TestContext, recorded: RecordedCommand): Promise<CallRecording> {
  const started = startRecording(t, recorded);
  const [stdout, stderr] = [text(started.child.stdout), text(started.child.stderr)];
  started.child.stdin.end(recorded.input ?? "");
  const recording = await started.ended;
  if (started.child.exitCode === 0) return recording;
  const words = `${await stdout}${await stderr}`;
  throw new HoldfastError("failed", `${recorded.command.join(" ")} ended with ${started.child.exitCode}: ${words}`);
}

export interface CallRecording extends Recording {
  readonly by: "strace" | "spy";
}

export interface StartedRecording {
  /** Its pid may be that of strace, which forwards no signals, so the program must be ended in another way. */
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<CallRecording>;
}

/** Records a long-running program, which is ended with the test at the latest. */
export function startRecording(
  t: TestContext,
  { command, folder, env, ...options }: RecordedCommand,
): StartedRecording {
  const place = mkdtempSync(join(tmpdir(), "holdfast-calls-"));
  const output = join(place, "calls");
  const by = options.by ?? (canTrace() ? "strace" : "spy");
  const recorder = by === "strace" ? strace(output) : spy(output);
  const root = realpathSync(folder);
  const before = new Set(readdirSync(root, { recursive: true, encoding: "utf8" }).map((path) => join(root, path)));
  // Pid of the program itself, whatever its parent is.
  const noted = ["sh", "-c", 'echo $$ >"$0"; exec "$@"', join(place, "pid"), ...command];
  const [program = "sh", ...args] = [...recorder.prefix, ...noted];
  const child = spawn(program, args, { env: { ...process.env, ...env, ...recorder.env }, stdio: "pipe" });
  const ended = once(child, "close").then((): CallRecording => ({
    by,
    calls: recorder.read(readFileSync(output, "utf8")),
    before,
    folder: root,
  }));
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) endNoted(join(place, "pid"));
    await ended.catch(() => undefined);
    rmSync(place, { recursive: true });
  });
  return { child, ended };
}

function endNoted(pidFile: string): void {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
  if (pid > 0) process.kill(pid, "SIGKILL");
}

interface Recorder {
  readonly prefix: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  read(output: string): FileCall[];
}

function strace(output: string): Recorder {
  const traced = `trace=${tracedCalls.map((name) => `?${name}`).join(",")}`;
  return {
    prefix: ["strace", "-f", "--seccomp-bpf", "-qq", "-y", "-s", "96", "-o", output, "-e", traced, "-e", "signal=none"],
    // strace would miss calls through io_uring.
    env: { UV_USE_IO_URING: "0" },
    read: readStrace,
  };
}

function spy(output: string): Recorder {
  const preload = new URL("./spy-on-calls.ts", import.meta.url).href;
  return {
    prefix: [],
    env: { HOLDFAST_SPIED_CALLS: output, NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${preload}` },
    read: readSpied,
  };
}

let traces: boolean | undefined;

/** Returns true if strace works. It may be installed but forbidden, as in a container without the right to trace. */
function canTrace(): boolean {
  traces ??= findProgram("strace") !== undefined && spawnSync("strace", ["-f", "-o", "/dev/null", "true"]).status === 0;
  if (traces || process.env["HOLDFAST_REQUIRE_COMPONENTS"] !== "1") return traces;
  throw new HoldfastError(
    "failed",
    "strace cannot trace here, and HOLDFAST_REQUIRE_COMPONENTS=1: install it, or allow ptrace.",
  );
}
