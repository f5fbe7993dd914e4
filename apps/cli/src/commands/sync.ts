import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { checkTitle, newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { BuiltInRule } from "../sync/shown-rules.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { SyncFlags } from "../sync/sync-flags.ts";
import { withNotes } from "./help-notes.ts";

export const syncCommand: CommandMaker = (context) => {
  const examples = [
    "sync ~/Drive",
    "sync ~/Photos --remote /photos",
    "sync ~/Drive --once",
    "sync ~/Drive --dry-run",
    "sync ~/Drive --install-service",
  ];
  const command = newCommand(
    "sync",
    "Keep a folder on this machine in sync with your drive, in the foreground",
    examples,
    "print a JSON document per line to standard output for each change of the status; with --once, a single one at the end",
  )
    .argument("<folder>", "folder on this machine; created if it does not exist")
    .option("--remote <path>", "sync only this folder on the server; created if it does not exist")
    .option("--once", "exit once everything is in sync")
    .option(
      "--device-name <name>",
      "name for this device in conflicted copies and in 'status'; 'devices' shows the name from the login",
    )
    .option("--confirm-deletes", "approve the deletions that are pending at the start")
    .option("--exclude <path>", "path in the folder to leave out; can be repeated", collect)
    .option("--include <path>", "excluded path to sync again; can be repeated", collect)
    .option("--show-rules", "list the excluded paths and the lines of .holdfastignore, then exit")
    .option("--free-space", "move local copies of excluded files to the local trash")
    .option("--dry-run", "show what would be done without doing it")
    .option("--limit-up <rate>", "upload limit in bytes per second, such as 500K or 2M")
    .option("--limit-down <rate>", "download limit in bytes per second")
    .option(
      "--brake <count>",
      "number of simultaneous deletions that need your approval; off to disable, on for the default",
    )
    .option("--forget", "stop syncing this folder; no files are changed")
    .option("--yes", "do not ask before syncing your whole home folder")
    .option("--log", "print each change as it happens; 'holdfast log' lists them later")
    .option("--install-service", "install a systemd user service that runs this sync")
    .option("--print", "with --install-service: only print the service");
  withNotes(command, [
    "A file .holdfastignore in the folder excludes files on all devices, in the syntax of .gitignore.",
  ]);
  return runs<[string]>(context, command, sync);
};

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function sync(run: Run, folder: string, flags: SyncFlags): Promise<void> {
  const [{ parseRate, parseBrake, parsePath }, { parseNewPath }, { joinPath, splitPath }] = await Promise.all([
    import("../sync/sync-flags.ts"),
    import("../remote/remote-path.ts"),
    import("@holdfast/core/names"),
  ]);
  // An unset variable in a script gives an empty argument, which would be the working directory.
  if (folder === "") throw usage("The folder argument is empty. Specify the folder to sync.");
  if (flags.print === true && flags.installService !== true)
    throw usage("--print can only be used with --install-service.");
  if (flags.freeSpace === true && flags.exclude === undefined)
    throw usage("--free-space can only be used with --exclude.");
  if (flags.showRules === true) return showRules(run, folder);
  if (flags.forget === true) return forget(run, folder);
  const names = flags.remote === undefined ? undefined : splitPath(parseNewPath(flags.remote));
  // Shells complete absolute paths. Any other leading / means the root.
  const root = `${resolve(folder)}/`;
  const pathIn = (path: string, option: string): string =>
    parsePath(`${path}/`.startsWith(root) ? path.slice(root.length) || "." : path, option);
  const excluded = (flags.exclude ?? []).map((path) => pathIn(path, "--exclude"));
  await assertPossible(run, folder);
  const own = await ownPaths(run, folder);
  const choices = {
    folder,
    remote: names === undefined || names.length === 0 ? names && "" : joinPath(names),
    deviceName: flags.deviceName === undefined ? undefined : checkTitle(flags.deviceName, "--device-name"),
    excludes: excluded,
    own,
    includes: (flags.include ?? []).map((path) => pathIn(path, "--include")),
    freesSpace: flags.freeSpace === true,
    brake: flags.brake === undefined ? undefined : parseBrake(flags.brake),
    limits: {
      upBytesPerSecond: parseRate(flags.limitUp, "--limit-up"),
      downBytesPerSecond: parseRate(flags.limitDown, "--limit-down"),
    },
    isOnce: flags.once === true,
    logs: flags.log === true,
    confirmsDeletes: flags.confirmDeletes === true,
  };
  if (flags.installService === true) {
    const { installService } = await import("../sync/install-service.ts");
    return installService(run, folder, flags);
  }
  if (flags.dryRun === true) {
    const { previewSync } = await import("../sync/preview-sync.ts");
    return previewSync(run, choices);
  }
  await assertMeant(run, folder, flags.yes === true);
  const { runSync } = await import("../sync/run-sync.ts");
  try {
    await runSync(run, choices);
  } catch (thrown) {
    const changes = flags.exclude ?? flags.include ?? flags.limitUp ?? flags.limitDown;
    if (!(thrown instanceof HoldfastError) || thrown.code !== "locked" || changes === undefined) throw thrown;
    const where =
      "While a sync runs, change its exclusions and limits on its page: 'holdfast status' shows the address.";
    throw new HoldfastError("locked", `${thrown.message} ${where}`, { cause: thrown });
  }
}

/** Runs before anything is asked or reported. @throws HoldfastError usage */
async function assertPossible({ context }: Run, folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const [{ thisConfigFolder }, { checkRoot }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/sync-root.ts"),
  ]);
  await checkRoot(folder, thisConfigFolder(context.environment));
}

async function ownPaths({ context, output }: Run, folder: string): Promise<readonly string[]> {
  const { ownPathsIn } = await import("../sync/own-paths.ts");
  const own = ownPathsIn(folder, context.environment);
  for (const path of own)
    if (existsSync(join(folder, path))) output.note(`sync: ${path} belongs to Holdfast and is not synced`);
  return own;
}

/**
 * Asks first, because a home folder contains settings and caches of programs. Only the first sync asks.
 * @throws HoldfastError failed
 */
async function assertMeant({ context, output }: Run, folder: string, isSure: boolean): Promise<void> {
  const { isHomeFolder } = await import("../sync/own-paths.ts");
  if (isSure || !isHomeFolder(folder) || existsSync(join(folder, ".holdfast"))) return;
  const what = `${folder} is your home folder: everything in it would be synced, including programs' settings and caches`;
  if (context.stdin.isTTY !== true) return output.say(`sync: ${what}. --yes skips this warning.`);
  const { assertConfirmed } = await import("../invocation/terminal.ts");
  await assertConfirmed(context, `${what}. Continue?`, "Nothing was synced.");
}

async function forget(run: Run, folder: string): Promise<void> {
  const [{ thisConfigFolder }, { forgetSync }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/forget-sync.ts"),
  ]);
  const done = await forgetSync(thisConfigFolder(run.context.environment), folder);
  await run.output.done(done, () => [
    `${done.root} is no longer synced; its files were not changed, here or on the server`,
    ...done.kept.map((path) => `kept, since it may be the only copy: ${path}`),
  ]);
}

const heldLine =
  "! .holdfastignore: Its new rules wait for your approval and are not active yet. 'holdfast rules' shows the difference";

async function showRules(run: Run, folder: string): Promise<void> {
  const [
    { thisConfigFolder },
    { chooseSyncs },
    { countBuiltIn, heldRulesOf, rulesOf },
    { brokenWords },
    { count, fitted },
  ] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/choose-syncs.ts"),
    import("../sync/shown-rules.ts"),
    import("@holdfast/sync/rules/broken-patterns"),
    import("../output/text.ts"),
  ]);
  const [known] = await chooseSyncs(thisConfigFolder(run.context.environment), folder);
  if (known === undefined) return;
  const { excluded, ignored, broken } = rulesOf(known);
  const builtIn = await countBuiltIn(known);
  const isUsed = (rule: BuiltInRule): boolean => rule.files + rule.files_on_server > 0;
  const unused = builtIn.filter((rule) => !isUsed(rule)).map(({ name }) => name);
  const lines = [
    ...excluded.map((path) => `excluded here  ${path}`),
    ...ignored.map((line) => `.holdfastignore  ${line}`),
    ...broken.map((pattern) => `! .holdfastignore: ${brokenWords(pattern)}`),
    ...(heldRulesOf(known) === undefined ? [] : [heldLine]),
    ...builtIn.filter(isUsed).map(({ name, files, files_on_server: onServer }) => {
      const counts = [
        ...(files === 0 ? [] : [count(files, "file")]),
        ...(onServer === 0 ? [] : [`${count(onServer, "file")} on the server`]),
      ];
      return `built in  ${name}  ${counts.join(", ")}`;
    }),
    ...(unused.length === 0 ? [] : [`built-in patterns that match nothing  ${unused.join("  ")}`]),
  ];
  await run.output.result({ excluded, ignored, broken, built_in: builtIn }, () =>
    lines.flatMap((line) => fitted(printable(line), run.output.columns ?? Infinity)),
  );
}
