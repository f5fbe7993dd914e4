import type { Command } from "commander";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const completionCommand: CommandMaker = (context) => {
  const command = newCommand("completion", "Print a script that completes commands and options in a shell", [
    "completion bash > ~/.local/share/bash-completion/completions/holdfast",
    "completion zsh > ~/.zfunc/_holdfast",
    "completion fish > ~/.config/fish/completions/holdfast.fish",
  ]).argument("<shell>", "bash, zsh or fish");
  return runs<[string]>(context, command, async (run, shell) => {
    const { makeProgram } = await import("../program.ts");
    const make = scripts[shell];
    if (make === undefined) throw usage(`There is completion for bash, zsh and fish, not for ${shell}.`);
    const script = make(wordsOf(await makeProgram(context, ""), []));
    await run.output.result({ shell, script }, () => [script]);
  });
};

/** One command of the tree: what may stand after its words. */
interface Words {
  /** Without `holdfast`: `admin users add`. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly { readonly flag: string; readonly summary: string }[];
}

const scripts: Readonly<Record<string, (words: Words[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const options = command.options.flatMap(({ long, description }) =>
    long ? [{ flag: long, summary: description }] : [],
  );
  const commands = command.commands.map((child) => ({ name: child.name(), summary: child.description() }));
  const own = { path, commands, options: [...options, { flag: "--help", summary: "show help" }] };
  return [own, ...command.commands.flatMap((child) => wordsOf(child, [...path, child.name()]))];
}

/** The words so far that are no options name the command; what may follow it is looked up, and files complete the rest. */
function bashScript(words: Words[]): string {
  const cases = words.map(({ path, commands, options }) => {
    const names = commands.map(({ name }) => name).join(" ");
    return `    "${path.join(" ")}") commands="${names}"; options="${options.map(({ flag }) => flag).join(" ")}";;`;
  });
  return `# bash completion of holdfast
_holdfast_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1;;
  esac
}
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word commands options index
  _holdfast_words ""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    [[ "$word" == -* ]] && continue
    _holdfast_words "\${path:+$path }$word" && path="\${path:+$path }$word"
  done
  _holdfast_words "$path"
  if [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n "$commands" ]]; then COMPREPLY=($(compgen -W "$commands" -- "$current"))
  else COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _holdfast holdfast`;
}

function zshScript(words: Words[]): string {
  const quote = (text: string): string => text.replaceAll("'", String.raw`'\''`).replaceAll(":", String.raw`\:`);
  const cases = words.map(({ path, commands, options }) => {
    const names = commands.map(({ name, summary }) => `'${name}:${quote(summary)}'`).join(" ");
    const flags = options.map(({ flag, summary }) => `'${flag}:${quote(summary)}'`).join(" ");
    return `    '${path.join(" ")}') commands=(${names}); options=(${flags});;`;
  });
  return `#compdef holdfast
_holdfast_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1;;
  esac
}
_holdfast() {
  local -a commands options
  local command_path="" word
  _holdfast_words ""
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    _holdfast_words "\${command_path:+$command_path }$word" && command_path="\${command_path:+$command_path }$word"
  done
  _holdfast_words "$command_path"
  if [[ "$PREFIX" == -* ]]; then _describe option options
  elif (( \${#commands} )); then _describe command commands
  else _files; fi
}
_holdfast "$@"`;
}

function fishScript(words: Words[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
  const lines = words.flatMap(({ path, commands, options }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const names = commands.map(({ name }) => name).join(" ");
    const open = [seen, names === "" ? "" : `not __fish_seen_subcommand_from ${names}`].filter(Boolean).join("; and ");
    return [
      ...commands.map(
        ({ name, summary }) => `complete -c holdfast -f -n ${quote(open)} -a ${name} -d ${quote(summary)}`,
      ),
      ...options.map(
        ({ flag, summary }) =>
          `complete -c holdfast ${open === "" ? "" : `-n ${quote(open)} `}-l ${flag.slice(2)} -d ${quote(summary)}`,
      ),
    ];
  });
  return ["# fish completion of holdfast", ...lines].join("\n");
}
