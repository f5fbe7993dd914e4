import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";

/** Something that was done and can be taken back, by a command like any other. */
export interface Act<Label> {
  /** What it did, for a toast and for the menu. */
  readonly label: Label;
  /**
   * Does the opposite: all of it or, where something has changed since, nothing.
   * @returns what does it again
   * @throws HoldfastError precondition or conflict, with the `node` as it is now, where it has changed
   */
  readonly takeBack: () => Promise<Act<Label>>;
}

export interface UndoSnapshot<Label> {
  /** What would be taken back next, and done again next. */
  readonly undo: Label | undefined;
  readonly redo: Label | undefined;
  readonly isBusy: boolean;
}

export type UndoOutcome<Label> =
  | { readonly kind: "nothing" }
  | { readonly kind: "done"; readonly label: Label }
  /** Somebody has changed it since, so nothing was done. */
  | { readonly kind: "changed"; readonly label: Label; readonly by: string | undefined }
  | { readonly kind: "failed"; readonly label: Label; readonly failure: HoldfastError };

export interface UndoParts {
  readonly nowMs: () => number;
  /** The name of who changed a node last. */
  readonly whoChanged: (nodeId: string) => Promise<string | undefined>;
}

const actsMax = 50;
const ageMsMax = 60 * 60_000;

/** What this tab did, the last act on top. Later there are the trash and the versions. */
export class UndoStack<Label> {
  readonly #parts: UndoParts;
  #done: Kept<Label>[] = [];
  #undone: Kept<Label>[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #runningCount = 0;
  #snapshot: UndoSnapshot<Label> = { undo: undefined, redo: undefined, isBusy: false };
  readonly #listeners = new Set<() => void>();

  constructor(parts: UndoParts) {
    this.#parts = parts;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): UndoSnapshot<Label> => this.#snapshot;

  /** An act has succeeded. What was taken back before it is not done again after it. */
  push(act: Act<Label>): void {
    this.#done = this.#keep(this.#done, act);
    this.#undone = [];
    this.#publish();
  }

  /** Takes back what was done last; several one after the other. */
  undo(): Promise<UndoOutcome<Label>> {
    return this.#inTurn(() => this.#takeBack("undo"));
  }

  redo(): Promise<UndoOutcome<Label>> {
    return this.#inTurn(() => this.#takeBack("redo"));
  }

  /** Takes back this act, wherever it stands: the button of its toast. */
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
      // Nothing but what passes by itself is worth another attempt.
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
    for (const listener of this.#listeners) listener();
  }
}

interface Kept<Label> {
  readonly act: Act<Label>;
  readonly atMs: number;
}

/** Of what is not any more as the act left it. */
const changedCodes: ReadonlySet<string> = new Set([
  "precondition",
  "conflict",
  "superseded",
  "subtree_changed",
  "not_found",
  "trashed",
]);
