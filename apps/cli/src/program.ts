import { Command } from "commander";
import type { Context } from "./commands/command.ts";
import { showLines, showText } from "./output/screen.ts";
import { commandTable, helpGroups, hiddenTable } from "./commands/table.ts";

/**
 * The tree of commands. With the name of a command only that one is loaded, so that `ls` does not pay for the others.
 * @param only the first argument of the command line
 */
export async function makeProgram(context: Context, version: string, only?: string): Promise<Command> {
  const program = new Command("holdfast")
    .description("Files on a server of your own: put them there, get them back, keep every version.")
    .version(version, "-v, --version", "print the version, as 'holdfast version' does")
    // So that `restore --version N` is an option of restore.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show help, also after each command; 'holdfast help ls' does too")
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ holdfast ${example}`).join("\n")}`);
  const single = only === undefined ? undefined : (commandTable[only] ?? hiddenTable[only]);
  const loaders = single === undefined ? Object.values(commandTable) : [single];
  const makers = await Promise.all(loaders.map((load) => load()));
  for (const make of makers) {
    const command = make(context);
    program.addCommand(command.helpGroup(helpGroups[command.name()] ?? ""));
  }
  const admin = program.commands.find((command) => command.name() === "admin");
  prepare(program, context, { name: "holdfast", ofAdmin: admin?.commands.map((command) => command.name()) ?? [] });
  return program;
}

const examples = [
  "serve",
  "login https://drive.example",
  "put photos /photos",
  "get /photos ./photos",
  "sync ~/Drive",
  "ls -l /photos",
];

interface Prepared {
  /** With those that it stands in. */
  readonly name: string;
  /** What 'holdfast admin' has, where it is loaded. */
  readonly ofAdmin: readonly string[];
}

/** Settings of commander are not inherited by commands that are added, so each gets them. */
function prepare(command: Command, context: Context, { name, ofAdmin }: Prepared): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "show help")
    .showHelpAfterError(`'${name} --help' says how it is used.`)
    .configureOutput({
      writeOut: (text) => void showText(context.stdout, text),
      writeErr: (text) => void showText(context.stderr, text),
      // With what was typed in it.
      outputError: (text) => void showLines(context.stderr, [oneLine(text, ofAdmin)]),
    });
  // So that in `devices rm ID --json` the option is one of rm.
  if (command.commands.length > 0) command.helpCommand(false).enablePositionalOptions();
  for (const child of command.commands) prepare(child, context, { name: `${name} ${child.name()}`, ofAdmin: [] });
}

function oneLine(text: string, ofAdmin: readonly string[]): string {
  const line = text
    .trimEnd()
    .replace(/^error: /, "holdfast: ")
    .replace(/command-argument value ('.*') is invalid for argument '(.*)'\./, "$1 is no $2.")
    .replace(/\n(?=\(Did you mean [^\n]*$)/, " ");
  const [, unknown = ""] = /unknown command '([^']+)'/.exec(line) ?? [];
  return ofAdmin.includes(unknown) ? `${line} (Did you mean admin ${unknown}?)` : line;
}
