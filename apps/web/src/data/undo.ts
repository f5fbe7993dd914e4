import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { makeListeners } from "../browser/listeners.ts";

export interface Act<Label> {
  readonly label: Label;
  /**
   * Reverses everything, or nothing if something has changed since.
   * @returns action that does it again
   * @throws HoldfastError precondition or conflict, with the current `node`, if it has changed
   */
  readonly takeBack: () => Promise<Act<Label>>;
}

export interface UndoSnapshot<Label> {
  readonly undo: Label | undefined;
  readonly redo: Label | undefined;
  readonly isBusy: boolean;
}

export type UndoOutcome<Label> =
  | { readonly kind: "nothing" }
  | { readonly kind: "done"; readonly label: Label }
  /** The node has been changed since, so nothing was done. */
  | { readonly kind: "changed"; readonly label: Label; readonly by: string | undefined }
  | { readonly kind: "failed"; readonly label: Label; readonly failure: HoldfastError };

export interface UndoParts {
  readonly nowMs: () => number;
  readonly whoChanged: (nodeId: string) => Promise<string | undefined>;
}

const actsMax = 50;
const ageMsMax = 60 * 60_000;

/** Actions of this tab, newest on top. The trash and the versions cover older changes. */
export class UndoStack<Label> {
  readonly #parts: UndoParts;
  #done: Kept<Label>[] = [];
  #undone: Kept<Label>[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #runningCount = 0;
  #snapshot: UndoSnapshot<Label> = { undo: undefined, redo: undefined, isBusy: false };
  readonly #listeners = makeListeners();

  constructor(parts: UndoParts) {
    this.#parts = parts;
  }

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): UndoSnapshot<Label> => this.#snapshot;

  /** Clears the redo stack. */
  push(act: Act<Label>): void {
    this.#done = this.#keep(this.#done, act);
    this.#undone = [];
    this.#publish();
  }

  /** Concurrent calls run in sequence. */
  undo(): Promise<UndoOutcome<Label>> {
    return this.#inTurn(() => this.#takeBack("undo"));
  }

  redo(): Promise<UndoOutcome<Label>> {
    return this.#inTurn(() => this.#takeBack("redo"));
  }

  undoAct(act: Act<Label>): Promise<UndoOutcome<Label>> {
    return this.#inTurn(() => this.#takeBack("undo", act));
  }

  clear(): void {
    [this.#done, this.#undone] = [[], []];
    this.#publish();
  }

  async #takeBack(which: "undo" | "redo", wanted?: Act<Label>): Promise<UndoOutcome<Label>> {
    this.#dropOld();
    const from = which === "undo" ? this.#done : this.#undone;
    const kept = wanted === undefined ? from.at(-1) : from.find(({ act }) => act === wanted);
    if (kept === undefined) return { kind: "nothing" };
    const { label } = kept.act;
    try {
      const opposite = await kept.act.takeBack();
      this.#remove(kept);
      if (which === "undo") this.#undone = this.#keep(this.#undone, opposite);
      else this.#done = this.#keep(this.#done, opposite);
      return { kind: "done", label };
    } catch (thrown) {
      const failure = toHoldfastError(thrown);
      // Only retryable failures are worth another attempt.
      if (!failure.retryable) this.#remove(kept);
      if (!changedCodes.has(failure.code)) return { kind: "failed", label, failure };
      return { kind: "changed", label, by: await this.#whoChanged(failure) };
    }
  }

  async #whoChanged({ body }: HoldfastError): Promise<string | undefined> {
    const node = body["node"];
    const id: unknown = typeof node === "object" && node !== null ? Reflect.get(node, "id") : undefined;
    if (typeof id !== "string") return undefined;
    return this.#parts.whoChanged(id).catch(() => undefined);
  }

  #keep(acts: readonly Kept<Label>[], act: Act<Label>): Kept<Label>[] {
    return [...acts, { act, atMs: this.#parts.nowMs() }].slice(-actsMax);
  }

  #remove(kept: Kept<Label>): void {
    this.#done = this.#done.filter((each) => each !== kept);
    this.#undone = this.#undone.filter((each) => each !== kept);
  }

  #dropOld(): void {
    const fromMs = this.#parts.nowMs() - ageMsMax;
    this.#done = this.#done.filter(({ atMs }) => atMs >= fromMs);
    this.#undone = this.#undone.filter(({ atMs }) => atMs >= fromMs);
  }

  #inTurn(run: () => Promise<UndoOutcome<Label>>): Promise<UndoOutcome<Label>> {
    this.#runningCount += 1;
    this.#publish();
    const outcome = this.#running.then(run).finally(() => {
      this.#runningCount -= 1;
      this.#publish();
    });
    this.#running = outcome;
    return outcome;
  }

  #publish(): void {
    const [undo, redo] = [this.#done.at(-1)?.act.label, this.#undone.at(-1)?.act.label];
    this.#snapshot = { undo, redo, isBusy: this.#runningCount > 0 };
    this.#listeners.call();
  }
}

interface Kept<Label> {
  readonly act: Act<Label>;
  readonly atMs: number;
}

/** The node is no longer as the action left it. */
const changedCodes: ReadonlySet<string> = new Set([
  "precondition",
  "conflict",
  "superseded",
  "subtree_changed",
  "not_found",
  "trashed",
]);
