import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { RecordedAnswer, WaitingDeletion } from "../sync/report.ts";
import { assertConfirmed } from "../invocation/terminal.ts";
import { newCommand, refuseMistyped, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export const deletesCommand: CommandMaker = (context) => {
  const command = newCommand("deletes", "Mass deletions that wait for your approval because they may be accidental", [
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
    await run.output.result(documentOf(shown), () => shown.listed.flatMap(linesOf));
    await noteNext(run, shown);
  });
};

const folderText = "synced folder; default is all";
const manyText =
  "Deletions wait once there are 500 within an hour, or 50 that are a quarter of the folder. In a folder shared with you, 10 that are a quarter of it wait. --brake overrides these numbers.";
const noneText = "No deletions are waiting.";

interface Listed {
  readonly sync: KnownSync;
  readonly deletions: readonly WaitingDeletion[];
  readonly answers: readonly RecordedAnswer[];
  readonly lines: readonly string[];
}

interface Shown {
  readonly listed: readonly Listed[];
  /** Syncs in progress: more deletions may follow. */
  readonly growing: readonly string[];
}

function list(context: Context) {
  const command = newCommand("ls", "List waiting deletions one by one", ["deletes ls"]).argument(
    "[folder]",
    folderText,
  );
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const shown = await show(await choose(run, folder));
    const { answeredDoingOf, doingOf } = await import("../sync/group-deletions.ts");
    await run.output.result(documentOf(shown), () =>
      shown.listed.flatMap(({ sync, deletions, answers }) => {
        const linesFor = (some: readonly WaitingDeletion[], doing: (each: WaitingDeletion) => string): string[] =>
          some.map((each) => `${sync.record.root}/${each.path}  (${doing(each)})`);
        return [
          ...linesFor(deletions, doingOf),
          ...answers.flatMap(({ action, answered }) => linesFor(answered, answeredDoingOf(action))),
        ];
      }),
    );
    await noteNext(run, shown);
  });
}

function decide(context: Context, action: "approve" | "undo", summary: string) {
  const command = newCommand(action, summary, [`deletes ${action}`])
    .argument("[folder]", folderText)
    .option("-y, --yes", "do not ask");
  // The list of 'deletes' is the dry run of an approval.
  if (action === "undo") command.option("--dry-run", "only show what would be restored, and where");
  return runs<[string | undefined]>(context, command, async (run, folder, { yes, dryRun }) => {
    if (dryRun === true) return previewUndo(run, await choose(run, folder));
    const { answeredText, waitingCount } = await import("../sync/group-deletions.ts");
    const syncs = await choose(run, folder);
    if (run.context.stdin.isTTY === true && yes !== true) await assertMeant(run, action, syncs);
    const { stoppedOnSignals } = await import("../invocation/interruption.ts");
    const { readShownDeletions } = await import("../sync/shown-deletions.ts");
    const done: { root: string; count: number; applied: boolean }[] = [];
    const lines: string[] = [];
    const left = new Set<string>();
    for (const { folder: at, record } of syncs) if ((await readShownDeletions(at)).length > 0) left.add(record.root);
    const ended = {
      clear: () => undefined,
      get message() {
        return interruptedText(action, lines, [...left]);
      },
    };
    await stoppedOnSignals(run, ended, async (isStopping) => {
      for (const sync of syncs) {
        if (isStopping()) return;
        const { root } = sync.record;
        const outcome = await answer(run, sync, action);
        left.delete(root);
        if (outcome === undefined) continue;
        const { answered, applied } = outcome;
        done.push({ root, count: answered.length, applied });
        lines.push(
          `${root}: ${applied ? `${waitingCount(answered)} ${pastOf[action]}` : answeredText(action, answered)}`,
        );
      }
    });
    if (done.length === 0) throw await nothingMeant(run, action, syncs);
    await run.output.done({ items: done, next_cursor: null }, () => lines);
  });
}

async function previewUndo(run: Run, syncs: readonly KnownSync[]): Promise<void> {
  const { restoredDoingOf, waitingCount, waitingLines } = await import("../sync/group-deletions.ts");
  if (run.context.stdin.isTTY === true) await show(syncs);
  const items: (WaitingDeletion & { readonly root: string })[] = [];
  const lines: string[] = [];
  for (const sync of syncs) {
    const { meant } = await shownAndOpen(sync, "undo");
    if (meant.length === 0) continue;
    for (const each of meant) items.push({ root: sync.record.root, ...each });
    lines.push(...linesOf({ sync, lines: waitingLines(meant, restoredDoingOf) }));
  }
  if (items.length === 0) throw await nothingMeant(run, "undo", syncs);
  await run.output.result({ items, dry_run: true, next_cursor: null }, () => [
    ...lines,
    `${waitingCount(items)} would be undone. This was a dry run: nothing was changed.`,
  ]);
}

/** @param lines answered syncs @param left roots of the other syncs */
function interruptedText(action: "approve" | "undo", lines: readonly string[], left: readonly string[]): string {
  const done = lines.length === 0 ? [] : [`Done: ${lines.join(", ")}.`];
  const open =
    left.length === 0
      ? []
      : [
          `Not confirmed: ${left.join(", ")}.`,
          `To continue, run 'holdfast deletes ${action}' again: it includes only changes that are still waiting. 'holdfast deletes' lists them.`,
        ];
  return ["interrupted.", ...done, ...open].join(" ");
}

interface Answered {
  readonly answered: readonly WaitingDeletion[];
  /** false: the answer is recorded for the next run */
  readonly applied: boolean;
}

/** @returns undefined: none of the deletions shown last can be answered */
async function answer(run: Run, sync: KnownSync, action: "approve" | "undo"): Promise<Answered | undefined> {
  const { saveShownDeletions } = await import("../sync/shown-deletions.ts");
  const { nextRun } = await import("../sync/last-status.ts");
  const { approvedIn } = await import("../sync/group-deletions.ts");
  const { status, meant } = await shownAndOpen(sync, action);
  if (meant.length === 0) return undefined;
  const ids = meant.map(({ id }) => id);
  const { sendToRunning } = await import("../sync/control-client.ts");
  // A client that has started since carries out approved deletions and cannot undo them.
  const applied =
    approvedIn(status).length === 0 && (await sendToRunning(sync, `deletions/${action}`, { ids })) !== undefined;
  if (applied) {
    // A second answer would apply to other deletions.
    await saveShownDeletions(sync.folder, []);
    return { answered: meant, applied };
  }
  const { answerDeletions } = await import("../sync/answer-deletions.ts");
  const answered = await answerDeletions(sync, action, ids);
  // An approval can be undone without listing the deletions again.
  await saveShownDeletions(sync.folder, action === "approve" ? ids : []);
  if (answered.length < ids.length) {
    const { waitingCount } = await import("../sync/group-deletions.ts");
    const undone = new Set(answered.map(({ id }) => id));
    const rest = waitingCount(meant.filter(({ id }) => !undone.has(id)));
    const message = `${rest} cannot be undone: already applied or sent by the last run. 'holdfast trash ls' lists the files.`;
    if (answered.length === 0) throw new HoldfastError("failed", message);
    run.output.say(message);
  }
  run.output.note(nextRun(sync.record.root, "applies the answer"));
  if (action === "approve") run.output.note(withdrawText);
  return { answered, applied };
}

/** Returns the listed deletions to which the answer can apply. Another device may have answered some of them. */
async function shownAndOpen(sync: KnownSync, action: "approve" | "undo") {
  const { readShownDeletions } = await import("../sync/shown-deletions.ts");
  const { statusOf } = await import("../sync/last-status.ts");
  const { openTo } = await import("../sync/group-deletions.ts");
  const [shown, status] = [new Set(await readShownDeletions(sync.folder)), await statusOf(sync)];
  return { status, meant: openTo(action, status).filter(({ id }) => shown.has(id)) };
}

const withdrawText = "To undo the approval before that: holdfast deletes undo.";

/** An answer applies only to listed deletions, so nothing is listed here. */
async function nothingMeant(run: Run, action: "approve" | "undo", syncs: readonly KnownSync[]): Promise<HoldfastError> {
  const { statusOf } = await import("../sync/last-status.ts");
  const known = await Promise.all(syncs.map(statusOf));
  const { openTo } = await import("../sync/group-deletions.ts");
  const unseen = known.some(({ deletions }) => deletions.length > 0) ? "waiting" : "approved";
  const message = known.some((each) => openTo(action, each).length > 0)
    ? `There are ${unseen} changes that you have not seen yet. Run 'holdfast deletes ls' first: an answer counts only for the changes that it lists.`
    : noneText;
  noteGrowing(
    run,
    known.flatMap(({ isRunning, report }) => (isRunning && report.state === "syncing" ? [report.root] : [])),
  );
  return new HoldfastError("failed", message);
}

/**
 * Asks on a terminal about everything that is open now, and lists it first.
 * @throws HoldfastError failed if the answer is no
 */
async function assertMeant(run: Run, action: "approve" | "undo", syncs: readonly KnownSync[]): Promise<void> {
  const { listed, growing } = await show(syncs);
  const { openTo, waitingCount } = await import("../sync/group-deletions.ts");
  const meant = listed.flatMap((each) => openTo(action, each));
  if (meant.length === 0) throw await nothingMeant(run, action, syncs);
  for (const line of listed.flatMap(linesOf)) run.output.say(line);
  noteGrowing(run, growing);
  const what = waitingCount(meant);
  const question =
    action === "approve"
      ? `Approve ${what}, for all devices of the account?`
      : `Undo ${what}? Everything listed is restored.`;
  // Undo defaults to yes, because restored files can be deleted again. Deleted files are harder to get back.
  const areWaiting = listed.every(({ answers }) => answers.length === 0);
  const declined = areWaiting ? "Nothing was changed. They are still waiting." : "Nothing was changed.";
  await assertConfirmed(run.context, question, declined, { usual: action === "undo" ? "yes" : "no" });
}

/** The next answer applies to the deletions that this lists. */
async function show(syncs: readonly KnownSync[]): Promise<Shown> {
  const { saveShownDeletions } = await import("../sync/shown-deletions.ts");
  const { statusOf } = await import("../sync/last-status.ts");
  const { answeredDoingOf, openTo, waitingLines } = await import("../sync/group-deletions.ts");
  const listed: Listed[] = [];
  const growing: string[] = [];
  for (const sync of syncs) {
    const status = await statusOf(sync);
    const { deletions, report, isRunning, answers = [] } = status;
    if (isRunning && report.state === "syncing") growing.push(sync.record.root);
    await saveShownDeletions(
      sync.folder,
      openTo("undo", status).map(({ id }) => id),
    );
    const lines = [
      ...waitingLines(deletions),
      ...answers.flatMap(({ action, answered }) => waitingLines(answered, answeredDoingOf(action))),
    ];
    if (lines.length > 0) listed.push({ sync, deletions, answers, lines });
  }
  return { listed, growing };
}

function documentOf({ listed }: Shown) {
  const items = listed.flatMap(({ sync, deletions }) => deletions.map((each) => ({ root: sync.record.root, ...each })));
  const answered = listed.flatMap(({ sync, answers }) =>
    answers.flatMap(({ action, answered: some }) =>
      some.map((each) => ({ root: sync.record.root, answer: action, ...each })),
    ),
  );
  return answered.length === 0 ? { items, next_cursor: null } : { items, answered, next_cursor: null };
}

function linesOf({ sync, lines }: Pick<Listed, "sync" | "lines">): string[] {
  return [printable(sync.record.root), ...lines.map((line) => `  ${line}`)];
}

async function noteNext(run: Run, { listed, growing }: Shown): Promise<void> {
  const { nextRun } = await import("../sync/last-status.ts");
  if (listed.length === 0) return noteNone(run, growing);
  const answers = listed.flatMap((each) => each.answers);
  for (const { sync } of listed.filter((each) => each.answers.length > 0))
    run.output.note(nextRun(sync.record.root, "applies the answer"));
  noteGrowing(run, growing);
  const waiting = listed.filter(({ deletions }) => deletions.length > 0);
  if (waiting.length === 0) {
    if (answers.some(({ action }) => action === "approve")) run.output.note(withdrawText);
    return;
  }
  const isOfMany = waiting.some(({ deletions }) =>
    deletions.some(({ what, why }) => what === "deletion" && why === "many"),
  );
  if (isOfMany) run.output.note(manyText);
  const hasRewrites = waiting.some(({ deletions }) => deletions.some(({ what }) => what === "rewrite"));
  run.output.note(
    hasRewrites
      ? "To apply them: holdfast deletes approve. To restore the server's versions: holdfast deletes undo."
      : "To delete them: holdfast deletes approve. To restore them: holdfast deletes undo.",
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
