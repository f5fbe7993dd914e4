import { limits } from "@holdfast/core/limits";
import type { ReturningBytes } from "./node-state.ts";
import type { RewindAct, RewindAnswer, RewindSample } from "@holdfast/protocol/rewind-routes";

type Counts = Record<RewindAct, number>;

/** Counts the acts of a rewind and of its undo, with a sample of each kind. */
export class Tally {
  readonly #counts: Counts = { restored: 0, reverted: 0, trashed: 0, moved: 0, changed: 0, purged: 0, left: 0 };
  readonly #sample: RewindSample[] = [];
  #bytes = 0;
  #undoBytes = 0;

  add(act: RewindAct, item: Omit<RewindSample, "act">): void {
    this.#counts[act] += 1;
    if (this.#counts[act] <= limits.rewindSampleMax) this.#sample.push({ act, ...item });
  }

  addBytes({ done, undone }: ReturningBytes): void {
    this.#bytes += done;
    this.#undoBytes += undone;
  }

  answers(): { answer: RewindAnswer; undoAnswer: RewindAnswer } {
    const answer = { ...this.#counts, bytes: this.#bytes, sample: this.#sample };
    const { restored, trashed } = this.#counts;
    const sample = this.#sample.flatMap((item) => takenBack(item) ?? []);
    const swapped = { restored: trashed, trashed: restored, purged: 0, left: 0 };
    return { answer, undoAnswer: { ...answer, ...swapped, bytes: this.#undoBytes, sample } };
  }
}

/** Drops the reason, which concerns only the rewind. */
function takenBack({ act, path, to }: RewindSample): RewindSample | undefined {
  if (act === "purged" || act === "left") return undefined;
  if (act === "restored") return { act: "trashed", path };
  if (act === "trashed") return { act: "restored", path };
  return act === "moved" && to !== undefined ? { act, path: to, to: path } : { act, path };
}
