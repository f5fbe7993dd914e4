import { existsSync } from "node:fs";
import { Command, CommanderError } from "commander";
import type { OptionValues } from "commander";
import { Output } from "../output/output.ts";
import { usage } from "../output/usage.ts";
import { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

/** Imports of a command happen when it runs. */
export type CommandMaker = (context: Context) => Command;

const oneDocument = "print only a single JSON document to standard output";

/** @param json help of --json, if its output is not one document */
export function newCommand(name: string, summary: string, examples: readonly string[], json = oneDocument): Command {
  const command = new Command(name)
    .description(summary)
    .option("--json", json)
    .option("-q, --quiet", "print only errors, warnings, questions and the requested output");
  return withExamples(command, examples);
}

/** @param alone a second instance of its `ls`, which runs if no command is named */
export function newGroup(
  name: string,
  summary: string,
  examples: readonly string[],
  commands: readonly Command[],
  alone = new Command(),
): Command {
  const group = withExamples(alone.name(name).description(summary), examples);
  for (const command of commands) group.addCommand(command);
  return group;
}

const examplesOf = new WeakMap<Command, readonly string[]>();

function withExamples(command: Command, examples: readonly string[]): Command {
  const isFirst = !examplesOf.has(command);
  examplesOf.set(command, examples);
  return isFirst ? command.addHelpText("after", () => shownExamples(examplesOf.get(command) ?? [])) : command;
}

/** @param examples text after `holdfast`, or a whole pipe that ends in it */
function shownExamples(examples: readonly string[]): string {
  const lines = examples.map((example) => (example.includes("| holdfast ") ? example : `holdfast ${example}`));
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

/** Errors of `body` become a message on stderr and an exit code. */
export function runs<Arguments extends unknown[]>(
  context: Context,
  command: Command,
  body: (run: Run, ...args: [...Arguments, OptionValues]) => Promise<void>,
): Command {
  return command.action(async (...given: unknown[]) => {
    // Includes options of a group: `admin users --data DIR disable ANN`. The command's own options take precedence.
    const options = { ...command.optsWithGlobals(), ...command.opts() };
    const args = [...given.slice(0, -2), options] as [...Arguments, OptionValues];
    const run = new Run(context, new Output(options, context.stdout, context.stderr));
    try {
      await body(run, ...args);
    } catch (thrown) {
      if (thrown instanceof CommanderError) throw thrown;
      const { toSentence } = await import("../output/system-failure.ts");
      const error = toSentence(thrown);
      if (error.code === "internal" && context.environment["HOLDFAST_DEBUG"] !== undefined)
        for (const line of String(error.stack).split("\n")) run.output.note(line);
      await run.output.failure(error, run.doneBefore);
      context.exitCode = error.exitCode;
    } finally {
      await run.close();
    }
  });
}

/** Fails with "unknown command" and suggests a similar name for the first argument. */
export function unknownCommand(command: Command): void {
  Reflect.apply(Reflect.get(command, "unknownCommand") as () => void, command, []);
}

/** For a group that accepts a folder: a word that is not a folder is reported as a mistyped command. */
export function refuseMistyped(command: Command): void {
  command.hook("preAction", (_, acting) => {
    const [folder] = acting.args;
    if (acting === command && folder !== undefined && !folder.includes("/") && !existsSync(folder))
      unknownCommand(command);
  });
}

const titleCharactersMax = 200;

/** Checks the name of a person, device or token. @throws HoldfastError usage, with the name of the option */
export function checkTitle(text: string, what: string): string {
  if (text.trim() === "") throw usage(`${what} is empty.`);
  if (text.length > titleCharactersMax)
    throw usage(`${what} is too long: the maximum is ${titleCharactersMax} characters.`);
  return text;
}

/** @returns undefined if the option is absent @throws HoldfastError usage, with the name of the option */
export function parseCount(text: unknown, option: string): number | undefined {
  if (typeof text !== "string") return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw usage(`${option} takes a whole number of at least 1, not ${text}.`);
}

/** Fails like commander for a missing argument, with a reference to the command's help. */
export function missing(command: Command, message: string): never {
  return command.error(`error: ${message}`);
}
