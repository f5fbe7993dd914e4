import { Argument } from "commander";
import type { Command } from "commander";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import { linkRoles } from "./link.ts";
import { grantedRoles } from "./share.ts";

export const completionCommand: CommandMaker = (context) => {
  const command = newCommand("completion", "Print a completion script for a shell", [
    "completion bash > ~/.local/share/bash-completion/completions/holdfast",
    "completion zsh > ~/.zfunc/_holdfast",
    "completion fish > ~/.config/fish/completions/holdfast.fish",
  ]).addArgument(new Argument("<shell>", "shell to print the script for").choices(Object.keys(scripts)));
  return runs<[string]>(context, command, async (run, shell) => {
    const { makeProgram } = await import("./program.ts");
    const make = scripts[shell];
    if (make === undefined) throw usage(`Completion is available for bash, zsh and fish, not for ${shell}.`);
    const script = make(wordsOf(await makeProgram(context, "", "--help"), []));
    await run.output.result({ shell, script }, () => script.split("\n"));
  });
};

interface Words {
  /** Without `holdfast`: `admin users add`. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly Option[];
  /** Index of the first argument that can be a local file. */
  readonly filesFrom: number | undefined;
  /** First and last index of arguments with candidates from `__complete`. */
  readonly remote: readonly [number, number] | undefined;
  /** Option of `__complete` for its arguments; empty for paths on the server. */
  readonly of: "" | Listed;
}

interface Option {
  readonly flag: string;
  readonly summary: string;
  readonly value: Value;
  /** Set if the option has fixed values. */
  readonly choices: readonly string[];
}

type Value = "none" | "file" | "remote" | "choice" | "text";

type Listed = "--trash" | "--devices" | "--syncs";

const choices: Readonly<Record<string, readonly string[]>> = {
  "share --role": grantedRoles,
  "link --role": linkRoles,
};

const filesFrom: Readonly<Record<string, number>> = {
  put: 0,
  get: 1,
  sync: 0,
  status: 0,
  log: 0,
  pause: 0,
  resume: 0,
  export: 0,
  import: 0,
  conflicts: 0,
  "conflicts ls": 0,
  "conflicts keep": 1,
  deletes: 0,
  rules: 0,
  "rules approve": 0,
  "rules reject": 0,
  "deletes ls": 0,
  "deletes approve": 0,
  "deletes undo": 0,
};
const last = 999;
const remote: Readonly<Record<string, readonly [number, number]>> = {
  put: [1, last],
  get: [0, 0],
  cat: [0, 0],
  ls: [0, 0],
  tree: [0, 0],
  mkdir: [0, last],
  mv: [0, last],
  cp: [0, last],
  rm: [0, last],
  versions: [0, 0],
  "versions label": [0, 0],
  "versions diff": [0, 0],
  "versions prune": [0, 0],
  restore: [0, 0],
  rewind: [0, 0],
  share: [0, 0],
  unshare: [0, 0],
  permissions: [0, 0],
  leave: [0, 0],
  link: [0, 0],
  "link ls": [0, 0],
  transfer: [0, 0],
  star: [0, last],
  unstar: [0, last],
  activity: [0, 0],
  comments: [0, 0],
  comment: [0, 0],
  "trash restore": [0, last],
};
/** Commands whose arguments are not paths on the server. */
const listed: Readonly<Record<string, Listed>> = {
  "trash restore": "--trash",
  "devices rm": "--devices",
  "devices resume": "--devices",
  sync: "--syncs",
  status: "--syncs",
  log: "--syncs",
  pause: "--syncs",
  resume: "--syncs",
  conflicts: "--syncs",
  "conflicts ls": "--syncs",
  deletes: "--syncs",
  "deletes ls": "--syncs",
  "deletes approve": "--syncs",
  "deletes undo": "--syncs",
  rules: "--syncs",
  "rules approve": "--syncs",
  "rules reject": "--syncs",
};
const remoteOption = /--(remote|to|at|in|folder) <(path|folder)>/;
const filePlaceholder = /[<[](folder|file|place)[>\]]/;

const scripts: Readonly<Record<string, (words: Words[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const options = command.options.flatMap(({ long, description, flags, required }) => {
    const text: Value = required ? "text" : "none";
    const local: Value = filePlaceholder.test(flags) ? "file" : text;
    const few = choices[`${path.join(" ")} ${long ?? ""}`];
    const unlisted: Value = remoteOption.test(flags) ? "remote" : local;
    const value: Value = few === undefined ? unlisted : "choice";
    return long ? [{ flag: long, summary: description, value, choices: few ?? [] }] : [];
  });
  const words = command.registeredArguments[0]?.argChoices ?? [];
  const commands = [
    ...command.commands.map((child) => ({ name: child.name(), summary: child.description() })),
    ...words.map((name) => ({ name, summary: name })),
  ];
  const help: Option = { flag: "--help", summary: "show help", value: "none", choices: [] };
  const name = path.join(" ");
  const own = {
    path,
    commands,
    options: takesNoOption.has(name) ? [] : [...options, help],
    filesFrom: filesFrom[name],
    remote: remote[name] ?? (listed[name] === undefined ? undefined : ([0, 0] as const)),
    of: listed[name] ?? ("" as const),
  };
  return [own, ...command.commands.flatMap((child) => wordsOf(child, [...path, child.name()]))];
}

function flagsOf(options: Words["options"], value: Value): string {
  return options
    .filter((option) => option.value === value)
    .map(({ flag }) => flag)
    .join(" ");
}

/** "--role=viewer|editor" for each option with a few values. */
function picksOf(options: Words["options"]): string {
  return options
    .filter(({ value }) => value === "choice")
    .map(({ flag, choices: few }) => `${flag}=${few.join("|")}`)
    .join(" ");
}

const takesNoOption = new Set(["help", "version"]);

const noFiles = 1000;
const noPaths = [1000, 0] as const;

/** Assignments that are valid in bash and zsh. */
function valuesOf({ options, filesFrom: files = noFiles, remote: [from, to] = noPaths, of }: Words): string {
  const values = `texts="${flagsOf(options, "text")}" paths="${flagsOf(options, "file")}" remotes="${flagsOf(options, "remote")}" picks="${picksOf(options)}"`;
  return `${values} files=${files} from=${from} to=${to} of="${of}"`;
}

/** Words without a leading dash name the command. The script looks up what can follow it. */
function bashScript(words: Words[]): string {
  const cases = words.map((own) => {
    const names = own.commands.map(({ name }) => name).join(" ");
    const flags = own.options.map(({ flag }) => flag).join(" ");
    return `    "${own.path.join(" ")}") commands="${names}"; options="${flags}"; ${valuesOf(own)};;`;
  });
  return `# bash completion of holdfast
_holdfast_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1;;
  esac
}
_holdfast_files() {
  local name
  # So that bash quotes what needs it; not known before bash 4.
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$1")
}
_holdfast_remote() {
  local name begun=\${1//\\\\/}
  begun=\${begun#[\\"\\']}
  compopt -o filenames 2>/dev/null
  # A folder on the server goes on.
  [[ "$2" == --devices || "$2" == --syncs ]] || compopt -o nospace 2>/dev/null
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <("\${COMP_WORDS[0]}" __complete $2 "$begun" 2>/dev/null)
}
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word commands options texts paths remotes picks files from to of index value="" operands=0 help=""
  COMPREPLY=()
  _holdfast_words ""
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ -n "$value" ]]; then value=""
    elif [[ " $texts " == *" $word "* ]]; then value=text
    elif [[ " $paths " == *" $word "* ]]; then value=file
    elif [[ " $remotes " == *" $word "* ]]; then value=remote
    elif [[ " $picks" == *" $word="* ]]; then value="\${picks#*"$word="}"; value="|\${value%% *}"
    elif [[ "$word" == -?* ]]; then continue
    elif [[ "$word" == help && -z "$path" && $operands == 0 ]]; then help=yes
    elif _holdfast_words "\${path:+$path }$word"; then path="\${path:+$path }$word"
    else operands=$((operands + 1)); fi
  done
  if [[ -n "$help" ]]; then COMPREPLY=($(compgen -W "$commands" -- "$current"))
  elif [[ "$value" == "|"* ]]; then COMPREPLY=($(compgen -W "\${value//|/ }" -- "$current"))
  elif [[ "$value" == file ]]; then _holdfast_files "$current"
  elif [[ "$value" == remote ]]; then _holdfast_remote "$current"
  elif [[ "$value" == text ]]; then return 0
  elif [[ "$current" == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    if [[ -n "$commands" && $operands == 0 ]]; then COMPREPLY=($(compgen -W "$commands" -- "$current")); fi
    if ((operands >= files)); then _holdfast_files "$current"; fi
    if ((operands >= from && operands <= to)); then _holdfast_remote "$current" $of; fi
  fi
}
complete -F _holdfast holdfast`;
}

function zshScript(words: Words[]): string {
  const quote = (text: string): string => text.replaceAll("'", String.raw`'\''`).replaceAll(":", String.raw`\:`);
  const cases = words.map((own) => {
    const names = own.commands.map(({ name, summary }) => `'${name}:${quote(summary)}'`).join(" ");
    const flags = own.options.map(({ flag, summary }) => `'${flag}:${quote(summary)}'`).join(" ");
    return `    '${own.path.join(" ")}') commands=(${names}); options=(${flags}); ${valuesOf(own)};;`;
  });
  return `#compdef holdfast
_holdfast_words() {
  case "$1" in
${cases.join("\n")}
    *) return 1;;
  esac
}
_holdfast_remote() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete "$@" "\${(Q)PREFIX}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -S '' -- "\${found[@]}"; fi
}
_holdfast() {
  local -a commands options
  local command_path="" word texts paths remotes picks files from to of value="" operands=0 help=""
  _holdfast_words ""
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n "$value" ]]; then value=""
    elif [[ " $texts " == *" $word "* ]]; then value=text
    elif [[ " $paths " == *" $word "* ]]; then value=file
    elif [[ " $remotes " == *" $word "* ]]; then value=remote
    elif [[ " $picks" == *" $word="* ]]; then value="\${picks#*$word=}"; value="|\${value%% *}"
    elif [[ "$word" == -?* ]]; then continue
    elif [[ "$word" == help && -z "$command_path" && $operands == 0 ]]; then help=yes
    elif _holdfast_words "\${command_path:+$command_path }$word"; then command_path="\${command_path:+$command_path }$word"
    else operands=$((operands + 1)); fi
  done
  if [[ -n "$help" ]]; then _describe command commands
  elif [[ "$value" == "|"* ]]; then compadd -- "\${(@s:|:)value[2,-1]}"
  elif [[ "$value" == file ]]; then _files
  elif [[ "$value" == remote ]]; then _holdfast_remote
  elif [[ "$value" == text ]]; then return 0
  elif [[ "$PREFIX" == -* ]]; then _describe option options
  else
    if (( \${#commands} && operands == 0 )); then _describe command commands; fi
    if (( operands >= files )); then _files; fi
    if (( operands >= from && operands <= to )); then _holdfast_remote $of; fi
  fi
}
_holdfast "$@"`;
}

function fishScript(words: Words[]): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
  const asked = (of: string): string =>
    `(holdfast __complete ${of === "" ? "" : `${of} `}(commandline -ct) 2>/dev/null)`;
  const lines = words.flatMap(({ path, commands, options, filesFrom: files, remote: paths, of }) => {
    const seen = path.length === 0 ? "" : `__holdfast_in ${path.join(" ")}`;
    const names = commands.map(({ name }) => name).join(" ");
    const unseen = names === "" ? "" : `not __fish_seen_subcommand_from ${names}`;
    const open = [seen, unseen].filter(Boolean).join("; and ");
    const helped = `__holdfast_in help ${path.join(" ")}; and not __fish_seen_subcommand_from ${names.replace(/ ?\bhelp\b/, "")}`;
    const follows = ({ value, choices: few }: Option): string =>
      ({
        none: "",
        text: " -x",
        file: " -r -F",
        choice: ` -x -a ${quote(few.join(" "))}`,
        remote: ` -x -a ${quote(asked(""))}`,
      })[value];
    return [
      // Local files are not arguments of this command.
      ...(files === undefined && open !== "" ? [`complete -c holdfast -f -n ${quote(open)}`] : []),
      ...(paths === undefined ? [] : [`complete -c holdfast -n ${quote(open)} -a ${quote(asked(of))}`]),
      ...commands.map(
        ({ name, summary }) => `complete -c holdfast -f -n ${quote(open)} -a ${name} -d ${quote(summary)}`,
      ),
      ...commands.map(
        ({ name, summary }) => `complete -c holdfast -f -n ${quote(helped)} -a ${name} -d ${quote(summary)}`,
      ),
      ...options.map(
        (option) =>
          `complete -c holdfast ${open === "" ? "" : `-n ${quote(open)} `}-l ${option.flag.slice(2)}${follows(option)} -d ${quote(option.summary)}`,
      ),
    ];
  });
  return [fishHead, ...lines].join("\n");
}

/** `__holdfast_in` compares the first words, so that `trash restore` does not match `restore`. */
const fishHead = `# fish completion of holdfast
function __holdfast_in
  set -l words (string match -v -- '-*' (commandline -opc))
  set -e words[1]
  string match -q -- "$argv *" "$words "
end`;
