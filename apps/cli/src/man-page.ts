import type { Argument, Command, Option } from "commander";
import { exitCodes } from "./exit-codes.ts";

/** man(7) without a date, so that it changes only with the definitions of `--help`. */
export function manPage(program: Command, version: string): string {
  return [
    `.TH HOLDFAST 1 "" "Holdfast ${version}" "Holdfast"`,
    ".SH NAME",
    `holdfast \\- files on a server of your own`,
    ".SH SYNOPSIS",
    ".B holdfast",
    "\\fIcommand\\fR [\\fIoption\\fR ...] [\\fIargument\\fR ...]",
    ".SH DESCRIPTION",
    line(program.description()),
    ".SH COMMANDS",
    ...program.commands.flatMap((command) => commandLines(command, command.name())),
    ".SH OPTIONS",
    "Without a command:",
    ...optionLines(program.createHelp().visibleOptions(program)),
    ".SH EXIT STATUS",
    ...Object.entries(exitCodes).flatMap(([code, means]) => [".TP", `.B ${code}`, line(means)]),
    ".SH ENVIRONMENT",
    ...Object.entries(variables).flatMap(([name, means]) => [".TP", `.B ${name}`, line(means)]),
    "",
  ].join("\n");
}

const variables = {
  HOLDFAST_CONFIG_DIR: "folder for the login and the journal, instead of ~/.config/holdfast",
  HOLDFAST_SERVER: "server address; replaces a login, together with HOLDFAST_TOKEN",
  HOLDFAST_TOKEN: "personal access token",
  HOLDFAST_INSECURE:
    "1 allows plain HTTP to another machine for HOLDFAST_SERVER and for links: tokens and content are sent unencrypted",
  HOLDFAST_DEBUG: "if set, internal errors are printed with their stack trace",
  NO_COLOR: "no colors",
};

function commandLines(command: Command, path: string): string[] {
  const help = command.createHelp();
  const own = help.visibleOptions(command);
  const words = command.registeredArguments.map(argumentWord).join(" ");
  return [
    `.SS ${line(path)}${words === "" ? "" : ` ${words}`}`,
    line(`${command.description()}.`),
    ...command.registeredArguments.flatMap((argument) =>
      argument.description === "" ? [] : [".TP", argumentWord(argument), line(argument.description)],
    ),
    ...optionLines(own),
    ...command.commands.flatMap((child) => commandLines(child, `${path} ${child.name()}`)),
  ];
}

function argumentWord(argument: Argument): string {
  const name = `\\fI${line(argument.name())}\\fR${argument.variadic ? " ..." : ""}`;
  return argument.required ? name : `[${name}]`;
}

function optionLines(options: readonly Option[]): string[] {
  return options.flatMap((option) => [".TP", `\\fB${line(option.flags)}\\fR`, line(option.description)]);
}

/** Nothing in the line is read as a request or an escape. */
function line(text: string): string {
  const plain = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("\n", " ")
    .replaceAll("…", "...")
    .replaceAll(
      /[^\x20-\x7e]/gu,
      (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
  return /^[.']/.test(plain) ? `\\&${plain}` : plain;
}
