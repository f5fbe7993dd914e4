import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../../../browser/listeners.ts";
import type { ActLabel, Drive } from "../../../data/drive.ts";
import type { Act, UndoOutcome } from "../../../data/undo.ts";
import { showToast } from "../../../design/toasts.ts";
import type { Row } from "../../../data/row.ts";
import { problemWords } from "../../../messages/problem-words.ts";
import { messages } from "../../../messages/use-messages.ts";
import { askAboutClashes } from "./clashes.ts";
import { clashesIn, decided, inverseOf, type Outcome, type Step, type Subject, type Taken } from "./file-steps.ts";
import { outcomeText, reasonText } from "./reasons.ts";
import { failureCode, type Known, newFolderRow, takeSteps } from "./step-runner.ts";

/**
 * Shows the result immediately, asks about name conflicts and offers undo in a toast.
 * @param done text for the number of completed steps
 * @param folderName folder in which names may conflict; may load during the steps
 */
export async function act(
  drive: Drive,
  steps: readonly Step[],
  known: Known,
  done: (count: number, taken: readonly Taken[], folderName: string) => string,
  folderName: string | Promise<string> = "",
): Promise<Outcome> {
  const account = drive.account();
  const isOver = () => drive.account() !== account;
  try {
    const first = await takeSteps(drive, steps, known);
    const name = await folderName;
    const outcome = await settleClashes(drive, first, known, name);
    // The next account must neither see nor undo it.
    if (!isOver()) showOutcome(drive, outcome, known, (all) => done(all.length, all, name));
    return outcome;
  } catch (thrown) {
    if (isOver()) return { taken: [], refused: [] };
    const code = failureCode(thrown);
    const text = code === "unreachable" ? problemWords(thrown, messages()) : reasonText(code, messages());
    showToast({ kind: "error", text });
    return { taken: [], refused: [] };
  }
}

async function settleClashes(drive: Drive, outcome: Outcome, known: Known, folderName: string): Promise<Outcome> {
  const clashes = clashesIn(outcome);
  if (clashes.length === 0) return outcome;
  const choices = await askAboutClashes(clashes, folderName);
  const others = outcome.refused.filter((refused) => !clashes.includes(refused));
  const again = (["keep", "replace"] as const).flatMap((choice) =>
    decided(
      clashes.filter((_, place) => choices[place] === choice),
      choice,
    ),
  );
  if (again.length === 0) return { taken: outcome.taken, refused: others };
  const second = await takeSteps(drive, again, known);
  return { taken: [...outcome.taken, ...second.taken], refused: [...others, ...second.refused] };
}

function showOutcome(
  drive: Drive,
  { taken, refused }: Outcome,
  known: Known,
  done: (taken: readonly Taken[]) => string,
): void {
  const text = outcomeText(taken.length === 0 ? "" : done(taken), refused, messages());
  const kind = refused.length === 0 ? "done" : "error";
  if (taken.length > 0) offerUndo(drive, text, undoable(drive, taken, known), kind);
  else if (refused.length > 0) showToast({ kind, text });
}

type Undoable = Act<ActLabel>;
/** Hides an action's toast. */
const toasts = new WeakMap<ActLabel, () => void>();

export function offerUndo(drive: Drive, text: string, done: Undoable, kind: "done" | "error" = "done"): void {
  drive.undo.push(done);
  const run = () => void drive.undo.undoAct(done).then(showUndone);
  toasts.set(done.label, showToast({ kind, text, act: { label: messages().message("files.undo"), run } }));
}

export function undo(drive: Drive): void {
  void drive.undo.undo().then(showUndone);
}

export function redo(drive: Drive): void {
  void drive.undo.redo().then(showUndone);
}

const undoneListeners = makeListeners<[ids: readonly string[]]>();

/** Reports the items of each undo and redo. */
export const watchUndone = undoneListeners.add;

function showUndone(outcome: UndoOutcome<ActLabel>): void {
  if (outcome.kind === "nothing") return;
  // After an undo by keyboard, the toast has nothing left to undo.
  toasts.get(outcome.label)?.();
  const words = messages();
  if (outcome.kind === "done") {
    showToast({ text: words.message("files.undone") });
    undoneListeners.call(outcome.label.ids);
  } else if (outcome.kind === "changed" && outcome.by !== undefined) {
    const who = outcome.by;
    const name = String(outcome.label.values?.["name"] ?? "");
    showToast({ kind: "error", text: words.message("files.notUndone", { name, who }) });
  } else {
    const reason =
      outcome.kind === "changed" ? words.message("files.reasonChanged") : reasonText(outcome.failure.code, words);
    showToast({ kind: "error", text: words.message("files.notUndoneReason", { reason }) });
  }
}

function undoable(drive: Drive, taken: readonly Taken[], known: Known): Undoable {
  return {
    label: {
      message: "files.undone",
      values: { name: taken[0]?.after.name ?? "" },
      ids: taken.map(({ after }) => after.id),
    },
    takeBack: async () => {
      const subjects = new Map(taken.map(({ after }) => [after.id, { subject: after, row: rowOf(after, known) }]));
      // All or none: half an undo is worse than none if an item has been changed since.
      const { taken: back, refused } = await takeSteps(drive, inverseOf(taken), subjects, true);
      const failed = refused.find(({ code }) => code !== "dependency") ?? refused[0];
      if (failed === undefined) return undoable(drive, back, subjects);
      const body = "file_id" in failed.step ? { node: { id: failed.step.file_id } } : {};
      throw new HoldfastError(failed.code as ErrorCode, `${failed.name} was not undone.`, { body });
    },
  };
}

function rowOf({ id, name, revision }: Subject, known: Known): Row {
  return { ...(known.get(id)?.row ?? newFolderRow(id, name)), name, revision };
}
