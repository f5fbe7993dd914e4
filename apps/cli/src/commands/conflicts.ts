import { lstatSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { shellWord } from "@holdfast/core/shell-word";
import type { ConflictChoice } from "@holdfast/sync/execute/resolve-conflict";
import { Argument } from "commander";
import { timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { formatBytes, indented } from "../output/text.ts";
import type { ConflictedCopy, FileState } from "../sync/conflicted-copy.ts";
import type { Outcome } from "../sync/control-acts.ts";
import type { KnownSync } from "../sync/known-syncs.ts";
import { newCommand, refuseMistyped, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export const conflictsCommand: CommandMaker = (context) => {
  const command = newCommand(
    "conflicts",
    "Files that changed on two devices at the same time, and their conflicted copies",
    ["conflicts", "conflicts ~/Drive", "conflicts keep copy ~/Drive/plan*copy*.txt"],
  ).argument("[folder]", folderText);
  command.addCommand(list(context)).addCommand(keepOne(context));
  refuseMistyped(command);
  return runs<[string | undefined]>(context, command, show);
};

const folderText = "synced folder; default is all";

function keepOne(context: Context) {
  const command = newCommand("keep", "Resolve conflicts; the version that you do not keep goes to the trash", [
    "conflicts keep original ~/Drive/plan*copy*.txt",
    "conflicts keep both ~/Drive/*copy*",
  ])
    .addArgument(new Argument("<choice>", "copy, original, or both").choices(["copy", "original", "both"]))
    .argument("<path...>", "conflicted copies from 'conflicts ls', or files that have a single copy");
  return runs<[ConflictChoice, string[]]>(context, command, async (run, keep, paths) => {
    const [{ inTurn }, { nextRun }] = await Promise.all([import("./in-turn.ts"), import("../sync/last-status.ts")]);
    const stopped = new Set<string>();
    const kept = await inTurn(
      paths,
      (path) => path,
      (path) => keepAt(run, keep, path, stopped),
    ).finally(() => {
      for (const root of stopped) run.output.note(nextRun(root, "sends the change"));
    });
    const [first, ...others] = kept;
    const document = first !== undefined && others.length === 0 ? first : { items: kept, next_cursor: null };
    await run.output.done(document, () => kept.flatMap(keptLines));
  });
}

interface Kept {
  readonly root: string;
  /** Relative to the root, like the other paths. */
  readonly path: string;
  readonly original: string;
  readonly kept: ConflictChoice;
  readonly new_path?: string | undefined;
  readonly trash_path?: string | undefined;
}

/** @param stopped receives the root if its client is not running */
async function keepAt(run: Run, keep: ConflictChoice, given: string, stopped: Set<string>): Promise<Kept> {
  const [{ thisConfigFolder }, { findPath }, { sendToRunning }, { originalAt }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/find-path.ts"),
    import("../sync/control-client.ts"),
    import("../sync/conflicted-copy.ts"),
  ]);
  const { sync, path: found } = await findPath(thisConfigFolder(run.context.environment), given);
  const path = await copyOf(sync, found);
  const { root } = sync.record;
  const original = await originalAt(root, path);
  const { new_path, trash_path } =
    (await sendToRunning(sync, "conflicts/keep", { path, keep })) ?? (await keepInStopped(sync, path, keep, stopped));
  return { root, path, original, kept: keep, new_path, trash_path };
}

async function keepInStopped(
  sync: KnownSync,
  path: string,
  keep: ConflictChoice,
  stopped: Set<string>,
): Promise<Outcome> {
  const [{ keepStopped }, { outcomeOf }] = await Promise.all([
    import("../sync/keep-stopped.ts"),
    import("../sync/control-acts.ts"),
  ]);
  const kept = await keepStopped(sync, path, keep);
  stopped.add(sync.record.root);
  return outcomeOf(kept);
}

/** Includes the command that restores the other state. */
function keptLines({ root, path, original, kept, new_path, trash_path }: Kept): string[] {
  const at = (each: string): string => printable(`${root}/${each}`);
  const wayBack = (name: "cp" | "mv", from: string, to: string): string[] => {
    const command = `${name} ${shellWord(`${root}/${from}`)} ${shellWord(`${root}/${to}`)}`;
    // A name by another person may have control characters. Printed with escapes, the command would not find the file.
    return printable(command) === command ? [`  To get it back: ${command}`] : [];
  };
  // An older client does not report the place.
  const trash = `in ${trash_path === undefined ? ".holdfast/trash" : at(trash_path)} for 30 days`;
  switch (kept) {
    case "original":
      return [
        `Kept the original: ${at(original)} (not changed).`,
        `  The copy is ${trash}, and in the trash on the server after the next sync.`,
        ...(trash_path === undefined ? [] : wayBack("mv", trash_path, path)),
      ];
    case "copy":
      return [
        `Kept the copy: ${at(original)} now has its content.`,
        ...(trash_path === undefined
          ? []
          : [
              `  The previous content is ${trash}, and among the versions of the file.`,
              ...wayBack("cp", trash_path, original),
            ]),
      ];
    default:
      return [
        `Kept both: ${at(original)} (not changed), and the copy is now ${new_path === undefined ? at(path) : at(new_path)}.`,
      ];
  }
}

/**
 * @returns the path itself, or the only conflicted copy of the file
 * @throws HoldfastError conflict if the file has several
 */
async function copyOf(sync: KnownSync, path: string): Promise<string> {
  const [{ originalPath }, { statusOf }, { nameKey }] = await Promise.all([
    import("@holdfast/sync/execute/resolve-conflict"),
    import("../sync/last-status.ts"),
    import("@holdfast/core/names"),
  ]);
  const { report } = await statusOf(sync);
  const isCopy = (each: string): boolean => each !== path && nameKey(originalPath(each)) === nameKey(path);
  const [copy, ...others] = report.conflicts.filter(isCopy);
  if (copy === undefined || report.conflicts.includes(path)) {
    const whole = `${report.root}/${path}`;
    if (lstatSync(whole, { throwIfNoEntry: false }) === undefined)
      throw new HoldfastError("not_found", `${whole} does not exist.`);
    return path;
  }
  if (others.length === 0) return copy;
  const names = [copy, ...others].map((each) => `${report.root}/${each}`).join(", ");
  throw new HoldfastError("conflict", `${path} has several conflicted copies. Specify one: ${names}`);
}

function list(context: Context) {
  const command = newCommand("ls", "List conflicted copies", ["conflicts ls", "conflicts ls ~/Drive"]).argument(
    "[folder]",
    folderText,
  );
  return runs<[string | undefined]>(context, command, show);
}

async function show(run: Run, folder: string | undefined): Promise<void> {
  const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }, { conflictedCopy }, { isRepository }] = await Promise.all(
    [
      import("../config/connection.ts"),
      import("../sync/choose-syncs.ts"),
      import("../sync/last-status.ts"),
      import("../sync/conflicted-copy.ts"),
      import("@holdfast/sync/model/repositories"),
    ],
  );
  const syncs = await chooseSyncs(thisConfigFolder(run.context.environment), folder);
  const statuses = await Promise.all(syncs.map((sync) => statusOf(sync)));
  const items: ListedCopy[] = [];
  for (const { report } of statuses)
    for (const path of report.conflicts)
      items.push({ root: report.root, ...(await conflictedCopy(report.root, path)) });
  const { output } = run;
  await output.result({ items, next_cursor: null }, () =>
    items.flatMap((copy) => [
      `${copy.root}/${copy.path}`,
      ...(output.isTerminal
        ? detailsOf(output, copy).flatMap((line) => indented(line, output.columns ?? Infinity, "    "))
        : []),
    ]),
  );
  if (items.length === 0) return output.note("No conflicted copies.");
  // Scripts read one path per line of standard output.
  if (!output.isTerminal && !output.json)
    for (const copy of items) output.note(`${copy.path}: ${detailsOf(output, copy).join("; ")}`);
  output.note("To resolve one: holdfast conflicts keep original|copy|both PATH.");
  const ofGit = items.find(({ original }) => original.path.split("/").slice(0, -1).some(isRepository));
  if (ofGit !== undefined)
    output.note(
      `Two devices changed the same git repository. Its conflicted copies are beside files such as ${ofGit.original.path}. The copies of branches and packed-refs contain the other device's commit IDs: 'git branch NAME COMMIT' keeps one. Then keep the originals.`,
    );
}

type ListedCopy = ConflictedCopy & { readonly root: string };

function detailsOf(output: Output, { device, original, ...copy }: ListedCopy): string[] {
  return [
    `copy: ${[...(device === null ? [] : [`from ${device}`]), ...factsOf(output, copy)].join(", ")}`,
    `original: ${[original.path, ...factsOf(output, original)].join(", ")}`,
  ].map(printable);
}

function factsOf(output: Output, { kind, size, modified_at }: FileState): string[] {
  if (kind === null) return ["no longer exists"];
  return [size === null ? kind : formatBytes(size), `changed ${timeFor(output, modified_at)}`];
}
