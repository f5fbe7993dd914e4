import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import { shellWord } from "@holdfast/core/shell-word";
import { largeCount } from "../output/text.ts";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { WaitingDeletion } from "../sync/report.ts";
import { confirm } from "../terminal.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const deletesCommand: CommandMaker = (context) => {
  const command = newCommand("deletes", "Deletions that wait: so many at once are more often an accident than a wish", [
    "deletes",
    "deletes ls",
    "deletes approve",
    "deletes undo ~/Drive",
  ]);
  command.addCommand(list(context));
  command.addCommand(decide(context, "approve", "Delete exactly what was shown last, for all devices of the account"));
  command.addCommand(decide(context, "undo", "Bring back from the other side what was shown last"));
  return runs<[]>(context, command, async (run) => {
    const waiting = await show(await choose(run, undefined));
    await run.output.result(documentOf(waiting), () => waiting.flatMap(linesOf));
    noteNext(run, waiting);
  });
};

const folderText = "a synced folder; all of them unless given";
const words = { deletion: "would be deleted", rewrite: "would be rewritten" } as const;
const sides = { here: "here", server: "on the server" } as const;

interface Waiting {
  readonly sync: KnownSync;
  readonly deletions: readonly WaitingDeletion[];
  /** As a person reads them. */
  readonly lines: readonly string[];
}

function list(context: Context) {
  const command = newCommand("ls", "List each of them", ["deletes ls"]).argument("[folder]", folderText);
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const waiting = await show(await choose(run, folder));
    const document = documentOf(waiting);
    await run.output.result(document, () =>
      document.items.map(({ root, path, what, side }) => `${root}/${path}  (${words[what]} ${sides[side]})`),
    );
    noteNext(run, waiting);
  });
}

function decide(context: Context, action: "approve" | "undo", summary: string) {
  const command = newCommand(action, summary, [`deletes ${action}`])
    .argument("[folder]", folderText)
    .option("-y, --yes", "ask nothing");
  return runs<[string | undefined]>(context, command, async (run, folder, { yes }) => {
    const { readShownDeletions, saveShownDeletions } = await import("../sync/shown-deletions.ts");
    const { tellRunning } = await import("../sync/control-client.ts");
    const syncs = await choose(run, folder);
    if (run.context.stdin.isTTY === true && yes !== true && !(await isMeant(run, action, syncs))) return;
    const done: { root: string; count: number }[] = [];
    for (const sync of syncs) {
      const ids = await readShownDeletions(sync.folder);
      if (ids.length === 0) continue;
      const { root } = sync.record;
      if ((await tellRunning(sync, `deletions/${action}`, { ids })) === undefined) throw notRunning(root);
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
      done.map((each) => `${each.root}: ${largeCount(each.count, "deletion")} ${verb}`),
    );
  });
}

/** On a terminal what is meant is what waits now, and is shown before anything is done. */
async function isMeant(run: Run, action: "approve" | "undo", syncs: readonly KnownSync[]): Promise<boolean> {
  const waiting = await show(syncs);
  if (waiting.length === 0) {
    run.output.note("None wait.");
    return false;
  }
  for (const line of waiting.flatMap(linesOf)) run.output.note(line);
  const { waitingCount } = await import("../sync/group-deletions.ts");
  const what = waitingCount(waiting.flatMap(({ deletions }) => deletions));
  const question =
    action === "approve"
      ? `Approve ${what}, for all devices of the account?`
      : `Undo ${what}, so that all of it comes back?`;
  // What comes back by a slip is deleted again, and what is gone is not back so easily.
  return confirm(run.context, question, { usual: action === "undo" ? "yes" : "no" });
}

/** What waits, which is what an answer means from then on. */
async function show(syncs: readonly KnownSync[]): Promise<readonly Waiting[]> {
  const { saveShownDeletions } = await import("../sync/shown-deletions.ts");
  const { statusOf } = await import("../sync/last-status.ts");
  const { waitingLines } = await import("../sync/group-deletions.ts");
  const waiting: Waiting[] = [];
  for (const sync of syncs) {
    const { deletions } = await statusOf(sync);
    await saveShownDeletions(
      sync.folder,
      deletions.map(({ id }) => id),
    );
    if (deletions.length > 0) waiting.push({ sync, deletions, lines: waitingLines(deletions) });
  }
  return waiting;
}

function documentOf(waiting: readonly Waiting[]) {
  const items = waiting.flatMap(({ sync, deletions }) =>
    deletions.map((each) => ({ root: sync.record.root, ...each })),
  );
  return { items, next_cursor: null };
}

function linesOf({ sync, lines }: Waiting): string[] {
  return [printable(sync.record.root), ...lines.map((line) => `  ${line}`)];
}

function noteNext(run: Run, waiting: readonly Waiting[]): void {
  if (waiting.length === 0) run.output.note("None wait.");
  else run.output.note("To let them go: holdfast deletes approve. To bring them back: holdfast deletes undo.");
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
