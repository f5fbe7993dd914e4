import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type CommandResult, holdfast } from "@holdfast/server/acceptance/testing";
import { isLongTier } from "@holdfast/tools/tiers";
import { runIn } from "../run.ts";
import type { Context } from "../output/context.ts";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Streams {
  readonly input?: string;
  /** Keys typed at a terminal, instead of `input`. An iterable is read from the first question on. */
  readonly typed?: string | AsyncIterable<Buffer>;
  readonly columns?: number;
}

/** Runs a command line in this process. Starting a process would take 0.3 s of CPU time. */
export async function runHere(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  { input = "", typed, columns }: Streams = {},
): Promise<Ran> {
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const [stdout, stderr] = [Object.assign(new PassThrough(), terminal), new PassThrough()];
  const shown = Promise.all([text(stdout), text(stderr)]);
  const keyboard = typed === undefined ? {} : { isTTY: true as const, setRawMode: () => {} };
  const keys = typed === undefined || typeof typed === "string" ? [Buffer.from(typed ?? input)] : typed;
  const stdin = Object.assign(Readable.from(keys), keyboard) as Context["stdin"];
  const code = await runIn({ environment, stdin, stdout, stderr, exitCode: 0 }, args);
  stdout.end();
  stderr.end();
  const [out, problems] = await shown;
  return { code, stdout: out, stderr: problems };
}

/** Commands that call `process.exit` without a signal, or that end only by a signal. */
const alwaysSpawned: ReadonlySet<string> = new Set(["serve", "__complete"]);
const isAlwaysSpawned = (args: readonly string[]) =>
  alwaysSpawned.has(args[0] ?? "") && !args.includes("--install-service");

/**
 * Runs a command with variables added to those of the test. The long tier starts a process for each command, which
 * reveals what a command leaves open. The gate runs commands in this process, except those above and those with a
 * working directory.
 */
export function runCommand(
  environment: Readonly<Record<string, string | undefined>>,
  args: readonly string[],
  { input = "", cwd }: { readonly input?: string | undefined; readonly cwd?: string | undefined } = {},
): Promise<CommandResult> {
  const isSpawned = isLongTier || cwd !== undefined || isAlwaysSpawned(args);
  if (isSpawned) return holdfast(args, { env: environment, input, ...(cwd === undefined ? {} : { cwd }) });
  // A new process would not receive undefined variables either.
  const given = Object.entries({ ...process.env, ...environment }).filter(([, value]) => value !== undefined);
  return runHere(Object.fromEntries(given), args, { input });
}
