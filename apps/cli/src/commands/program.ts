import { existsSync } from "node:fs";
import { type Argument, Command, Help } from "commander";
import { unknownCommand } from "./command.ts";
import type { Context } from "../output/context.ts";
import { showLines, showText } from "../output/screen.ts";
import { commandTable, helpGroups, hiddenTable } from "./table.ts";

/** Loads only that command, so that `ls` starts fast. @param only first argument of the command line */
export async function makeProgram(context: Context, version: string, only?: string): Promise<Command> {
  const program = new Command("holdfast")
    .description("Your files on a server you run: upload, download, sync, share, and keep every version.")
    .version(version, "-v, --version", "print the version")
    // Makes `restore --version N` an option of restore.
    .enablePositionalOptions()
    .helpOption("-h, --help", "show help, also after each command; so does 'holdfast help ls'")
    .addHelpText("after", `\nExamples:\n${examples.map((example) => `  $ holdfast ${example}`).join("\n")}`);
  const single = only === undefined ? undefined : (commandTable[only] ?? hiddenTable[only]);
  const loaders = single === undefined ? Object.values(commandTable) : [single];
  const makers = await Promise.all(loaders.map((load) => load()));
  for (const make of makers) {
    const command = make(context);
    program.addCommand(command.helpGroup(helpGroups[command.name()] ?? ""));
  }
  // Handled before the tree exists; added only for the list.
  if (only === "--help" || only === "-h") for (const command of answeredBefore()) program.addCommand(command);
  prepare(program, context, "holdfast");
  return program;
}

function answeredBefore(): Command[] {
  const group = helpGroups["completion"] ?? "";
  const help = new Command("help").argument("[command...]").description("Show help for all commands or for one");
  return [help, new Command("version").description("Print the version")].map((each) => each.helpGroup(group));
}

const examples = [
  "serve",
  "login https://drive.example",
  "put photos /photos",
  "get /photos ./photos",
  "sync ~/Drive",
  "ls -l /photos",
];

/**
 * Added commands do not inherit commander's settings.
 * @param name full name of the command
 */
function prepare(command: Command, context: Context, name: string): void {
  command
    .exitOverride()
    .helpOption("-h, --help", "show help")
    // Nearly all commands have "[options]". Omitting it leaves room for descriptions at 80 columns.
    .configureHelp({
      minWidthToWrap: wrapColumnsMin,
      formatItem: narrowItem,
      subcommandTerm: (child) => [child.name(), ...child.registeredArguments.map(argumentTerm)].join(" "),
    })
    .showHelpAfterError(`See '${name} --help'.`)
    .configureOutput({
      writeOut: (text) => void showText(context.stdout, text),
      writeErr: (text) => void showText(context.stderr, text),
      // The text contains user input.
      outputError: (text) => void showLines(context.stderr, [oneLine(text, command)]),
    });
  // Makes `--json` in `devices rm ID --json` an option of rm.
  if (command.commands.length > 0) command.helpCommand(false).enablePositionalOptions();
  if (command.commands.length > 0 && command.registeredArguments.length === 0) nameUnknown(command);
  for (const child of command.commands) prepare(child, context, `${name} ${child.name()}`);
}

/** Narrower descriptions start on their own line, so that the terminal breaks no words. */
const wrapColumnsMin = 30;

function narrowItem(term: string, termWidth: number, description: string, helper: Help): string {
  const columns = helper.helpWidth ?? 80;
  if (description === "" || columns - termWidth - 4 >= wrapColumnsMin)
    return Help.prototype.formatItem.call(helper, term, termWidth, description, helper);
  return [
    term,
    ...helper
      .boxWrap(description, columns - 7)
      .split("\n")
      .map((line) => `    ${line}`),
  ]
    .map((line) => `  ${line}`)
    .join("\n");
}

function argumentTerm(argument: Argument): string {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

/**
 * Reports a mistyped command of a group with its own action. Otherwise commander would report an excess argument, or an
 * unknown option.
 */
function nameUnknown(command: Command): void {
  const unknownOption = Reflect.get(command, "unknownOption") as (flag: string) => void;
  Reflect.set(command, "unknownOption", (flag: string): void => {
    if (command.args[0]?.startsWith("-") === false) unknownCommand(command);
    Reflect.apply(unknownOption, command, [flag]);
  });
  command.allowExcessArguments().hook("preAction", (_, acting) => {
    if (acting !== command || acting.args[0] === undefined) return;
    unknownCommand(command);
  });
}

/** Names in other programs, and typing errors for which commander has no suggestion. */
const synonyms: Readonly<Record<string, string>> = {
  delete: "rm",
  remove: "rm",
  del: "rm",
  undelete: "trash restore",
  upload: "put",
  download: "get",
  push: "put",
  pull: "get",
  copy: "cp",
  move: "mv",
  rename: "mv",
  list: "ls",
  dir: "ls",
  history: "versions",
  hlep: "help",
  register: "login",
  signin: "login",
  signout: "logout",
};

function meantBy(unknown: string, { commands }: Command): string | undefined {
  const synonym = synonyms[unknown] ?? (unknown.startsWith("help") ? "help" : undefined);
  const [first] = synonym?.split(" ") ?? [];
  if (first === "help" || commands.some((command) => command.name() === first)) return synonym;
  const admin = commands.find((command) => command.name() === "admin");
  return admin?.commands.some((command) => command.name() === unknown) === true ? `admin ${unknown}` : undefined;
}

function optionSynonym(unknown: string, { options }: Command): string | undefined {
  const isListening = options.some(({ long }) => long === "--listen");
  return isListening && /^--(?:port|host|bind|address)$/.test(unknown) ? "--listen HOST:PORT" : undefined;
}

/** The option is more likely a file whose name begins with a dash. */
function isLikelyName(unknown: string, { registeredArguments }: Command): boolean {
  return registeredArguments.length > 0 && (/^[^=]*[./]/.test(unknown) || existsSync(unknown));
}

function nameHint(unknown: string, command: Command): string {
  const local = command.name() === "put" ? `, or ./${unknown} for a file here` : "";
  return `For a name that begins with -, write -- before it${local}.`;
}

export function plainProblem(text: string): string {
  return text
    .replace(/missing required argument '(.*)'/, "<$1> is missing.")
    .replace(/required option '(.*)' not specified/, "$1 is missing.");
}

function oneLine(text: string, command: Command): string {
  const line = plainProblem(text)
    .trimEnd()
    .replace(/^error: /, "holdfast: ")
    .replace(
      /command-argument value ('.*') is invalid for argument '.*'\. Allowed choices are (.*)\./,
      "$1 is not one of: $2.",
    )
    .replace(/\n(?=\(Did you mean [^\n]*$)/, " ");
  const [, kind, unknown = ""] = /unknown (command|option) '([^']+)'/.exec(line) ?? [];
  // The Unix rm needs these options for folders.
  if (kind === "option" && command.name() === "rm" && /^(?:-[rRf]+|--recursive|--force)$/.test(unknown))
    return `${line} (folders are removed without it)`;
  if (kind === "option" && isLikelyName(unknown, command)) return `${line} (${nameHint(unknown, command)})`;
  const meant = kind === "option" ? optionSynonym(unknown, command) : meantBy(unknown, command);
  return meant === undefined ? line : `${line.replace(/ \(Did you mean [^\n]*$/, "")} (Did you mean ${meant}?)`;
}
