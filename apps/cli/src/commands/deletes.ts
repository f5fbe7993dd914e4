import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { WaitingDeletion } from "../sync/report.ts";
import { confirm } from "../terminal.ts";
import { newCommand, refuseMistyped, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const deletesCommand: CommandMaker = (context) => {
  const command = newCommand("deletes", "Mass deletions that wait for your approval, as they may be an accident", [
    "deletes",
    "deletes ~/Drive",
    "deletes ls",
    "deletes approve",
    "deletes undo ~/Drive",
  ]).argument("[folder]", folderText);
  command.addCommand(list(context));
  command.addCommand(
    decide(context, "approve", "Approve exactly the deletions shown last, for all devices of the account"),
  );
  command.addCommand(
    decide(
      context,
      "undo",
      "Undo exactly the deletions shown last: files come back from the server, or from this device",
    ),
  );
  refuseMistyped(command);
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const shown = await show(await choose(run, folder));
    await run.output.result(documentOf(shown), () => shown.waiting.flatMap(linesOf));
    await noteNext(run, shown);
  });
};

const folderText = "synced folder; default is all";
const manyText =
  "Deletions wait once there are 500 within an hour, or 50 that are a quarter of the folder. In a folder shared with you, 10 that are a quarter of it wait. --brake overrides these numbers.";
const noneText = "No deletions are waiting.";

interface Waiting {
  readonly sync: KnownSync;
  readonly deletions: readonly WaitingDeletion[];
  /** As a person reads them. */
  readonly lines: readonly string[];
}

interface Shown {
  readonly waiting: readonly Waiting[];
  /** Folders whose sync is still in progress: more deletions may follow. */
  readonly growing: readonly string[];
  /** Answers that the next run of a sync applies. */
  readonly recorded: readonly { readonly root: string; readonly line: string }[];
}

function list(context: Context) {
  const command = newCommand("ls", "List waiting deletions one by one", ["deletes ls"]).argument(
    "[folder]",
    folderText,
  );
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const shown = await show(await choose(run, folder));
    const document = documentOf(shown);
    const { doingOf } = await import("../sync/group-deletions.ts");
    await run.output.result(document, () =>
      document.items.map((each) => `${each.root}/${each.path}  (${doingOf(each)})`),
    );
    await noteNext(run, shown);
  });
}

function decide(context: Context, action: "approve" | "undo", summary: string) {
  const command = newCommand(action, summary, [`deletes ${action}`])
    .argument("[folder]", folderText)
    .option("-y, --yes", "do not ask");
  return runs<[string | undefined]>(context, command, async (run, folder, { yes }) => {
    const { readShownDeletions, saveShownDeletions } = await import("../sync/shown-deletions.ts");
    const { tellRunning } = await import("../sync/control-client.ts");
    const syncs = await choose(run, folder);
    if (run.context.stdin.isTTY === true && yes !== true && !(await isMeant(run, action, syncs))) return;
    const { nextRun, statusOf } = await import("../sync/last-status.ts");
    const { waitingCount } = await import("../sync/group-deletions.ts");
    const done: { root: string; count: number; applied: boolean }[] = [];
    const lines: string[] = [];
    for (const sync of syncs) {
      const shown = new Set(await readShownDeletions(sync.folder));
      if (shown.size === 0) continue;
      // Another device may have answered meanwhile.
      const meant = (await statusOf(sync)).deletions.filter(({ id }) => shown.has(id));
      if (meant.length === 0) continue;
      const ids = meant.map(({ id }) => id);
      const { root } = sync.record;
      const isRunning = (await tellRunning(sync, `deletions/${action}`, { ids })) !== undefined;
      if (!isRunning) await (await import("../sync/answer-deletions.ts")).answerDeletions(sync, action, ids);
      // A second time would mean something else.
      await saveShownDeletions(sync.folder, []);
      done.push({ root, count: ids.length, applied: isRunning });
      lines.push(
        isRunning
          ? `${root}: ${waitingCount(meant)} ${pastOf[action]}`
          : recordedText(root, action, waitingCount(meant)),
      );
      if (!isRunning) run.output.note(nextRun(root, "applies the answer"));
    }
    if (done.length === 0) throw await nothingMeant(run, syncs);
    await run.output.done({ items: done, next_cursor: null }, () => lines);
  });
}

/** Looks without showing: what was not seen is not meant by the next answer either. */
async function nothingMeant(run: Run, syncs: readonly KnownSync[]): Promise<HoldfastError> {
  const { statusOf } = await import("../sync/last-status.ts");
  const known = await Promise.all(syncs.map(statusOf));
  const message = known.some(({ deletions }) => deletions.length > 0)
    ? "There are waiting deletions that you have not seen yet. Run 'holdfast deletes ls' first: an answer counts only for the deletions that it lists."
    : noneText;
  noteGrowing(
    run,
    known.flatMap(({ isRunning, report }) => (isRunning && report.state === "syncing" ? [report.root] : [])),
  );
  return new HoldfastError("failed", message);
}

/** On a terminal what is meant is what waits now, and is shown before anything is done. */
async function isMeant(run: Run, action: "approve" | "undo", syncs: readonly KnownSync[]): Promise<boolean> {
  const { waiting, growing } = await show(syncs);
  if (waiting.length === 0) throw await nothingMeant(run, syncs);
  for (const line of waiting.flatMap(linesOf)) run.output.say(line);
  noteGrowing(run, growing);
  const { waitingCount } = await import("../sync/group-deletions.ts");
  const what = waitingCount(waiting.flatMap(({ deletions }) => deletions));
  const question =
    action === "approve"
      ? `Approve ${what}, for all devices of the account?`
      : `Undo ${what}? Everything is brought back.`;
  // What comes back by a slip is deleted again, and what is gone is not back so easily.
  const isYes = await confirm(run.context, question, { usual: action === "undo" ? "yes" : "no" });
  if (!isYes) run.output.note("Nothing was changed. They are still waiting.");
  return isYes;
}

/** What waits, which is what an answer means from then on. */
async function show(syncs: readonly KnownSync[]): Promise<Shown> {
  const { saveShownDeletions } = await import("../sync/shown-deletions.ts");
  const { statusOf } = await import("../sync/last-status.ts");
  const { waitingCount, waitingLines } = await import("../sync/group-deletions.ts");
  const waiting: Waiting[] = [];
  const growing: string[] = [];
  const recorded: Shown["recorded"][number][] = [];
  for (const sync of syncs) {
    const { deletions, report, isRunning, answers = [] } = await statusOf(sync);
    const { root } = sync.record;
    if (isRunning && report.state === "syncing") growing.push(root);
    for (const { action, answered } of answers)
      recorded.push({ root, line: recordedText(root, action, waitingCount(answered)) });
    await saveShownDeletions(
      sync.folder,
      deletions.map(({ id }) => id),
    );
    if (deletions.length > 0) waiting.push({ sync, deletions, lines: waitingLines(deletions) });
  }
  return { waiting, growing, recorded };
}

function documentOf({ waiting }: Shown) {
  const items = waiting.flatMap(({ sync, deletions }) =>
    deletions.map((each) => ({ root: sync.record.root, ...each })),
  );
  return { items, next_cursor: null };
}

function linesOf({ sync, lines }: Waiting): string[] {
  return [printable(sync.record.root), ...lines.map((line) => `  ${line}`)];
}

async function noteNext(run: Run, { waiting, growing, recorded }: Shown): Promise<void> {
  const { nextRun } = await import("../sync/last-status.ts");
  for (const { line } of recorded) run.output.note(printable(line));
  for (const root of new Set(recorded.map((each) => each.root))) run.output.note(nextRun(root, "applies the answer"));
  if (waiting.length === 0) return recorded.length === 0 ? noteNone(run, growing) : noteGrowing(run, growing);
  noteGrowing(run, growing);
  const isOfMany = waiting.some(({ deletions }) =>
    deletions.some(({ what, why }) => what === "deletion" && why === "many"),
  );
  if (isOfMany) run.output.note(manyText);
  const hasRewrites = waiting.some(({ deletions }) => deletions.some(({ what }) => what === "rewrite"));
  run.output.note(
    hasRewrites
      ? "To apply them: holdfast deletes approve. To restore the server's versions: holdfast deletes undo."
      : "To delete them: holdfast deletes approve. To bring them back: holdfast deletes undo.",
  );
}

function noteNone(run: Run, growing: readonly string[]): void {
  run.output.note(growing.length === 0 ? noneText : "No deletions are waiting yet.");
  noteGrowing(run, growing);
}

function noteGrowing(run: Run, growing: readonly string[]): void {
  for (const root of growing)
    run.output.note(`The sync of ${printable(root)} is still in progress. More deletions may follow.`);
}

async function choose(run: Run, folder: string | undefined): Promise<KnownSync[]> {
  const { thisConfigFolder } = await import("../config/connection.ts");
  const { chooseSyncs } = await import("../sync/choose-syncs.ts");
  return chooseSyncs(thisConfigFolder(run.context.environment), folder);
}

const pastOf = { approve: "approved", undo: "undone" } as const;

function recordedText(root: string, action: "approve" | "undo", what: string): string {
  return `${root}: the answer to ${action} ${what} is recorded`;
}
