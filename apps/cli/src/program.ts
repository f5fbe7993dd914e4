import { Command } from "commander";
import type { Context } from "./commands/command.ts";
import { showLines, showText } from "./output/screen.ts";
import { commandTable, hiddenTable } from "./commands/table.ts";

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
  for (const make of makers) program.addCommand(make(context));
  prepare(program, context);
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

/** Settings of commander are not inherited by commands that are added, so each gets them. */
function prepare(command: Command, context: Context): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "show help")
    .showHelpAfterError("Run it with --help to see how it is used.")
    .configureOutput({
      writeOut: (text) => void showText(context.stdout, text),
      writeErr: (text) => void showText(context.stderr, text),
      // With what was typed in it.
      outputError: (text) => void showLines(context.stderr, [oneLine(text)]),
    });
  // So that in `devices rm ID --json` the option is one of rm.
  if (command.commands.length > 0) command.helpCommand(false).enablePositionalOptions();
  for (const child of command.commands) prepare(child, context);
}

function oneLine(text: string): string {
  return text
    .trimEnd()
    .replace(/^error: /, "holdfast: ")
    .replace(/\n(?=\(Did you mean [^\n]*$)/, " ");
}
