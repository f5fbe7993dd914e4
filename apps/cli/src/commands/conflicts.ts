import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const conflictsCommand: CommandMaker = (context) => {
  const command = newCommand("conflicts", "Conflicted copies: both states of what two people changed at once", [
    "conflicts",
    "conflicts ls ~/Drive",
  ]);
  return runs<[]>(context, command.addCommand(list(context)), (run) => show(run, undefined));
};

function list(context: Context) {
  const command = newCommand("ls", "List the conflicted copies", ["conflicts ls", "conflicts ls ~/Drive"]).argument(
    "[folder]",
    "a synced folder; all of them unless given",
  );
  return runs<[string | undefined]>(context, command, show);
}

async function show(run: Run, folder: string | undefined): Promise<void> {
  const [{ thisConfigFolder }, { chooseSyncs }, { statusOf }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/choose-syncs.ts"),
    import("../sync/last-status.ts"),
  ]);
  const syncs = await chooseSyncs(thisConfigFolder(run.context.environment), folder);
  const statuses = await Promise.all(syncs.map((sync) => statusOf(sync)));
  const items = statuses.flatMap(({ report }) => report.conflicts.map((path) => ({ root: report.root, path })));
  await run.output.result({ items, next_cursor: null }, () => items.map(({ root, path }) => `${root}/${path}`));
  if (items.length === 0) run.output.note("There are none.");
}
