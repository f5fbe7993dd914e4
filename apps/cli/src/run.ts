import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Context } from "./output/context.ts";
import { commandTable } from "./commands/table.ts";
import { ofCommand } from "./config/variables-of-command.ts";
import { showJson, showLines } from "./output/screen.ts";

/** @returns the exit code */
export async function run(args: readonly string[]): Promise<number> {
  endWithStandardOutput();
  const { stdin, stdout, stderr } = process;
  return runIn({ environment: process.env, stdin, stdout, stderr, exitCode: 0 }, args);
}

export async function runIn(context: Context, args: readonly string[]): Promise<number> {
  if (
    args.some((word) => versionWords.has(word)) &&
    args.every((word) => versionWords.has(word) || word === "--json")
  ) {
    if (args.includes("--json")) showJson(context.stdout, `${JSON.stringify({ version: version() })}\n`);
    else showLines(context.stdout, [version()]);
    return 0;
  }
  if (args.length === 2 && args[0] === "help" && args[1] === "--man") return showManPage(context);
  await nameUnknownVariables(context, args);
  const asked = asOption(args);
  const { makeProgram, plainProblem } = await import("./commands/program.ts");
  const program = await makeProgram(context, version(), asked[0] ?? "--help");
  const words = asOptionOfGroup(program, asked);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (thrown) {
    return usageFailure(thrown, plainProblem, args, context);
  }
  return context.exitCode;
}

async function showManPage(context: Context): Promise<number> {
  const [{ makeProgram }, { manPage }] = await Promise.all([import("./commands/program.ts"), import("./man-page.ts")]);
  showLines(
    context.stdout,
    manPage(await makeProgram(context, version()), version())
      .trimEnd()
      .split("\n"),
  );
  return 0;
}

const versionWords: ReadonlySet<string> = new Set(["--version", "-v", "version"]);

/**
 * `help` becomes `--help`, and `help ls` becomes `ls --help`. `help` with an unknown command fails like that command.
 */
function asOption(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args;
  if (first !== "help") return args;
  // The list describes these two completely.
  if (rest[0] === "help" || rest[0] === "version") return ["--help"];
  return rest[0] === undefined || Object.hasOwn(commandTable, rest[0]) ? [...rest, "--help"] : rest;
}

/**
 * `admin help` becomes `admin --help`, and `admin help users` becomes `admin users --help`. In a group that accepts a
 * path, `help` is a path.
 */
function asOptionOfGroup(program: Command, words: readonly string[]): readonly string[] {
  let group = program;
  for (const [index, word] of words.entries()) {
    const takesPath = group.commands.length === 0 || group.registeredArguments.length > 0;
    if (word === "help" && group !== program && !takesPath) return [...words.toSpliced(index, 1), "--help"];
    const next = group.commands.find((command) => command.name() === word);
    if (next === undefined) return words;
    group = next;
  }
  return words;
}

/** Warns about unknown variables, which would otherwise be ignored silently. */
async function nameUnknownVariables({ environment, stderr }: Context, args: readonly string[]): Promise<void> {
  const set = Object.keys(environment).filter((name) => name.startsWith("HOLDFAST_") && !ofCommand.has(name));
  if (set.length === 0 || args.includes("--quiet") || args.includes("-q")) return;
  const { unknownVariables } = await import("./config/known-variables.ts");
  const unknown = await unknownVariables(set);
  showLines(
    stderr,
    unknown.map(
      ({ name, meant }) =>
        `holdfast: ${name} is not a setting and is ignored${meant === undefined ? "" : ` (Did you mean ${meant}?)`}`,
    ),
  );
}

function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

/** Commander has reported the error on stderr. A request for help is not a failure. @returns the exit code */
function usageFailure(
  thrown: unknown,
  plainProblem: (text: string) => string,
  args: readonly string[],
  { stdout }: Context,
): number {
  const code = thrown instanceof Error ? String(Reflect.get(thrown, "code")) : "";
  if (!(thrown instanceof Error) || !code.startsWith("commander.")) throw thrown;
  if (code === "commander.helpDisplayed" || code === "commander.version") return 0;
  const end = args.indexOf("--");
  if ((end === -1 ? args : args.slice(0, end)).includes("--json")) {
    const isHelp = code === "commander.help";
    const message = isHelp ? "A command is missing. Run it with --help for a list." : plainProblem(thrown.message);
    showJson(stdout, `${JSON.stringify({ error: { code: "usage", message: message.replace(/^error: /, "") } })}\n`);
  }
  return 2;
}

/**
 * Ends the process if standard output fails. In `holdfast ls | head` the reader has enough, which is a success. A full
 * disk in `holdfast cat FILE > copy` is a failure.
 */
function endWithStandardOutput(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    const why = error.code === "ENOSPC" ? "the disk is full (ENOSPC). Free some space, then try again." : error.message;
    showLines(process.stderr, [`holdfast: Standard output could not be written, so the output is incomplete: ${why}`]);
    process.exit(1);
  });
}
