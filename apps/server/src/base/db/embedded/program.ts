import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { HoldfastError } from "@holdfast/core/errors";
import type { Account } from "./account.ts";

/**
 * Ctrl-C on the terminal is for the server, which stops the database in order. The program therefore gets its own
 * session. It gets none of the environment,
 * because PGDATA, PGPORT or a locale would change its behavior.
 */
export function startProgram(
  program: string,
  args: readonly string[],
  account: Account,
  options: { readonly folder: string; readonly stdio: SpawnOptions["stdio"] },
): ChildProcess {
  return spawn(program, [...args], {
    ...account,
    cwd: options.folder,
    env: { ...systemEnvironment(), LC_ALL: "C", TZ: "UTC" },
    detached: true,
    stdio: options.stdio,
    windowsHide: true,
  });
}

/** Required by Windows programs. */
function systemEnvironment(): Record<string, string> {
  const names = ["PATH", "SystemRoot", "TEMP", "TMP"];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** @throws HoldfastError with the program's output if it fails; `store_full` for a full disk */
export async function runProgram(
  program: string,
  args: readonly string[],
  account: Account,
  folder: string,
): Promise<void> {
  const child = startProgram(program, args, account, { folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4096);
  });
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.once("error", (error) => reject(cannotStart(program, error)));
    child.once("close", (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) throw failure("failed", `${program} failed (${code})`, said.trim().split("\n"), folder);
}

/**
 * @param lines last lines of output, which the log contains too
 * @param folder on the disk that the program writes to
 */
export function failure(
  code: "failed" | "unavailable",
  what: string,
  lines: readonly string[],
  folder: string,
): HoldfastError {
  if (lines.some((line) => line.includes("No space left on device"))) {
    return new HoldfastError(
      "store_full",
      `The disk of ${folder} is full, so the database cannot start. Nothing is lost. Free some space on that disk (512 MiB is enough), then start again.`,
    );
  }
  // Earlier lines only report progress.
  const fatal = lines.findIndex((line) => /^(PANIC|FATAL|.*error): /.test(line));
  const reason = lines.slice(Math.max(fatal, 0)).map((line) => line.trim());
  return new HoldfastError(code, `${what}: ${reason.join(" ")}`);
}

export function cannotStart(program: string, error: Error): HoldfastError {
  return new HoldfastError(
    "failed",
    `${program} cannot be started (${error.message}). The programs from npm need glibc; without glibc, use an ` +
      "external PostgreSQL with --database-url.",
    { cause: error },
  );
}
