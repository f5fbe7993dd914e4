import { HoldfastError } from "@holdfast/core/errors";
import { count, shellWord } from "../output/text.ts";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { WaitingDeletion } from "../sync/report.ts";
import { newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const deletesCommand: CommandMaker = (context) =>
  newGroup(
    "deletes",
    "Deletions that wait: so many at once are more often an accident than a wish",
    ["deletes ls", "deletes approve", "deletes undo ~/Drive"],
    [
      list(context),
      decide(context, "approve", "Delete exactly what 'deletes ls' showed last; what was found since waits on"),
      decide(context, "undo", "Bring back from the other side what 'deletes ls' showed last"),
    ],
  );

const folderText = "a synced folder; all of them unless given";
const words = { deletion: "would go", rewrite: "would be rewritten" } as const;
const sides = { here: "here", server: "on the server" } as const;

function list(context: Context) {
  const command = newCommand("ls", "List the deletions that wait", ["deletes ls"]).argument("[folder]", folderText);
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const { saveShownDeletions } = await import("../sync/shown-deletions.ts");
    const { statusOf } = await import("../sync/last-status.ts");
    const items: (WaitingDeletion & { readonly root: string })[] = [];
    for (const sync of await choose(run, folder)) {
      const { deletions } = await statusOf(sync);
      await saveShownDeletions(
        sync.folder,
        deletions.map(({ id }) => id),
      );
      for (const each of deletions) items.push({ root: sync.record.root, ...each });
    }
    await run.output.result({ items, next_cursor: null }, () =>
      items.map(({ root, path, what, side }) => `${root}/${path}  (${words[what]} ${sides[side]})`),
    );
    if (items.length === 0) run.output.note("None wait.");
  });
}

function decide(context: Context, action: "approve" | "undo", summary: string) {
  const command = newCommand(action, summary, [`deletes ${action}`]).argument("[folder]", folderText);
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const { readShownDeletions, saveShownDeletions } = await import("../sync/shown-deletions.ts");
    const { tellRunning } = await import("../sync/control-client.ts");
    const done: { root: string; count: number }[] = [];
    for (const sync of await choose(run, folder)) {
      const ids = await readShownDeletions(sync.folder);
      if (ids.length === 0) continue;
      const { root } = sync.record;
      if ((await tellRunning(sync, `deletions/${action}`, ids)) === undefined) throw notRunning(root);
      // A second time would mean something else.
      await saveShownDeletions(sync.folder, []);
      done.push({ root, count: ids.length });
    }
    if (done.length === 0) {
      throw new HoldfastError(
        "failed",
        "'holdfast deletes ls' has shown none. Run it first: only what it shows is meant.",
      );
    }
    const verb = action === "approve" ? "approved" : "undone";
    await run.output.result({ items: done, next_cursor: null }, () =>
      done.map((each) => `${each.root}: ${count(each.count, "deletion")} ${verb}`),
    );
  });
}

async function choose(run: Run, folder: string | undefined): Promise<KnownSync[]> {
  const { thisConfigFolder } = await import("../config/connection.ts");
  const { chooseSyncs } = await import("../sync/choose-syncs.ts");
  return chooseSyncs(thisConfigFolder(run.context.environment), folder);
}

function notRunning(root: string): HoldfastError {
  const command = `holdfast sync ${shellWord(root)}`;
  const message = `The client of ${root} is not running. Start it with: ${command} (or do all that waits with: ${command} --once --confirm-deletes)`;
  return new HoldfastError("failed", message);
}
