import { HoldfastError } from "@holdfast/core/errors";
import { Argument } from "commander";
import type { KnownSync } from "../sync/known-syncs.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const conflictsCommand: CommandMaker = (context) => {
  const command = newCommand("conflicts", "Conflicted copies: both states of what was changed on two devices at once", [
    "conflicts",
    "conflicts ls ~/Drive",
    "conflicts keep copy ~/Drive/plan*copy*.txt",
  ]);
  command.addCommand(list(context)).addCommand(keepOne(context));
  return runs<[]>(context, command, (run) => show(run, undefined));
};

const done = {
  copy: "the file now has the content of this copy. Its content before is in .holdfast/trash and among its versions",
  original: "this copy was moved to .holdfast/trash and to the trash on the server. The file was not changed",
  both: "this copy now has its own name",
} as const;

function keepOne(context: Context) {
  const command = newCommand("keep", "End a conflict; whatever is not kept goes to the trash", [
    "conflicts keep original ~/Drive/plan*copy*.txt",
  ])
    .addArgument(new Argument("<choice>", "the copy, the original, or both").choices(["copy", "original", "both"]))
    .argument("<path>", "a conflicted copy, as 'conflicts ls' shows it, or the file if it has one only");
  return runs<[keyof typeof done, string]>(context, command, async (run, keep, given) => {
    const [{ thisConfigFolder }, { findPath }, { tellRunning }, { notRunning }] = await Promise.all([
      import("../config/connection.ts"),
      import("../sync/find-path.ts"),
      import("../sync/control-client.ts"),
      import("../sync/last-status.ts"),
    ]);
    const { sync, path: found } = await findPath(thisConfigFolder(run.context.environment), given);
    const path = await copyOf(sync, found);
    const after = await tellRunning(sync, "conflicts/keep", { path, keep });
    if (after === undefined) throw new HoldfastError("failed", notRunning(sync.record));
    const { root } = sync.record;
    const { new_path } = after;
    const named = new_path === undefined ? "" : `: ${root}/${new_path}`;
    await run.output.result({ root, path, kept: keep, ...(new_path === undefined ? {} : { new_path }) }, () => [
      `${root}/${path}: ${done[keep]}${named}`,
    ]);
  });
}

/** @returns the path of the conflicted copy that is meant: itself, or the only one of a file. @throws HoldfastError conflict where it has several */
async function copyOf(sync: KnownSync, path: string): Promise<string> {
  const [{ originalPath }, { statusOf }] = await Promise.all([
    import("@holdfast/sync/execute/keep-conflict"),
    import("../sync/last-status.ts"),
  ]);
  const { report } = await statusOf(sync);
  const [copy, ...others] = report.conflicts.filter((each) => each !== path && originalPath(each) === path);
  if (copy === undefined || report.conflicts.includes(path)) return path;
  if (others.length === 0) return copy;
  const names = [copy, ...others].map((each) => `${report.root}/${each}`).join(", ");
  throw new HoldfastError("conflict", `${path} has several conflicted copies. Say which: ${names}`);
}

function list(context: Context) {
  const command = newCommand("ls", "List the conflicted copies", ["conflicts ls", "conflicts ls ~/Drive"]).argument(
    "[folder]",
    "a synced folder; all of them unless given",
  );
  return runs<[string | undefined]>(context, command, show);
}

async function show(run: Run, folder: string | undefined): Promise<void> {
  const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }, { originalPath }, { isRepository }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/choose-syncs.ts"),
    import("../sync/last-status.ts"),
    import("@holdfast/sync/execute/keep-conflict"),
    import("@holdfast/sync/model/repositories"),
  ]);
  const syncs = await chooseSyncs(thisConfigFolder(run.context.environment), folder);
  const statuses = await Promise.all(syncs.map((sync) => statusOf(sync)));
  const items = statuses.flatMap(({ report }) => report.conflicts.map((path) => ({ root: report.root, path })));
  await run.output.result({ items, next_cursor: null }, () =>
    items.length === 0 && run.output.isTerminal
      ? ["There are no conflicts."]
      : items.map(({ root, path }) => `${root}/${path}`),
  );
  if (items.length > 0) run.output.note("To end one: holdfast conflicts keep original|copy|both PATH.");
  const originals = items.map(({ path }) => originalPath(path));
  const ofGit = originals.find((path) => path.split("/").slice(0, -1).some(isRepository));
  if (ofGit !== undefined)
    run.output.note(
      `Two devices changed one git repository. Copies of its files, such as ${ofGit}, lie beside it. Those of branches and packed-refs name the other device's commits: 'git branch NAME COMMIT' keeps one. Then keep the originals.`,
    );
}
