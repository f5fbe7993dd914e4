import type { EngineStatus } from "@holdfast/sync/loop/status";
import { AheadBytes } from "../output/ahead-bytes.ts";
import { Rate } from "../output/rate.ts";
import { count, formatNumber } from "../output/text.ts";

/** To do one change takes about as long as to move so many bytes. */
const bytesOfChange = 64 * 1024;

/** A smaller setback of the share is not shown; after a larger one the share is unknown until it is made up. */
const setbackMax = 0.05;

/** How far a sync is with what it does. */
export interface HowFar {
  /** From 0 to 1, never less than before in one stretch of work; undefined while nobody knows how much there is. */
  readonly share: number | undefined;
  readonly bytesPerSecond: number;
  /** Undefined: nobody can tell yet. */
  readonly secondsLeft: number | undefined;
  /** Content of the files in the present plan, as far as it is known; 0 of 0 if several plans follow each other. */
  readonly bytes: { readonly done: number; readonly of: number };
  readonly changes: { readonly done: number; readonly of: number };
  /** That differ still, those that wait for something included; before there is a plan, the found files of which bytes travel. */
  readonly pendingFiles: number;
  /** "looking for changes: 12,400 files seen"; "" while changes are carried out. */
  readonly looked: string;
  /** Paths that move, the newest first. */
  readonly names: readonly string[];
}

/** Tells how far a sync is and how fast, from one look at it after the other. */
export class ProgressMeter {
  readonly #moved = new Rate();
  readonly #done = new Rate();
  #shown = { stretch: -1, share: 0 };
  readonly #ahead = new AheadBytes();

  /**
   * @param nowMs of a clock that goes on evenly
   * @param travelledBytes over the wire, if that is known: the engine counts blocks, of which several MiB arrive at once
   */
  after(nowMs: number, status: EngineStatus, travelledBytes?: number): HowFar {
    const { pendingFiles, progress, now: plan, look } = status;
    const movedBytes = progress.bytesUp + progress.bytesDown;
    const bytesPerSecond = this.#moved.after(nowMs, travelledBytes ?? movedBytes);
    const doneBytes = this.#ahead.after({
      planBytes: plan.bytes,
      countedBytes: plan.bytesDone,
      movedBytes,
      travelledBytes: travelledBytes ?? movedBytes,
    });
    const isLook = plan.stage === "look";
    const hasBytes = plan.stage === "plan" || (isLook && doneBytes >= bytesOfChange);
    const bytes = hasBytes ? { done: doneBytes, of: plan.bytes } : { done: 0, of: 0 };
    const changesDone = isLook ? 0 : Math.max(0, plan.changes - pendingFiles);
    const total = bytes.of + plan.changes * bytesOfChange;
    const done = bytes.done + changesDone * bytesOfChange;
    const donePerSecond = this.#done.after(nowMs, done);
    const isKnown = total > 0 && (plan.stage === "parts" || (hasBytes && plan.isAll));
    const left = pendingFiles === 0 && isLook && isKnown ? plan.changes : pendingFiles;
    return {
      share: isKnown ? this.#shareOf(plan.stretch, Math.min(1, done / total)) : undefined,
      // Questions and answers of a look are no work that goes on.
      bytesPerSecond: left === 0 && bytes.done === 0 ? 0 : bytesPerSecond,
      // The first few bytes of a plan tell nothing: they would have a small file last for hours.
      secondsLeft: isKnown && donePerSecond > 0 && done >= bytesOfChange ? (total - done) / donePerSecond : undefined,
      bytes,
      changes: { done: changesDone, of: isLook ? 0 : plan.changes },
      pendingFiles: left,
      looked: left > 0 ? "" : lookedWords(look),
      names: plan.names,
    };
  }

  /** More to do may be found while much is done. */
  #shareOf(stretch: number, share: number): number | undefined {
    const before = stretch === this.#shown.stretch ? this.#shown.share : 0;
    if (share < before - setbackMax) return undefined;
    this.#shown = { stretch, share: Math.max(before, share) };
    return this.#shown.share;
  }
}

function lookedWords({ listed, seen, read }: EngineStatus["look"]): string {
  const onServer = listed === 0 ? [] : [`${count(listed, "file")} listed on the server`];
  const here = [`${count(seen, "file")} seen`, ...(read === 0 ? [] : [`${formatNumber(read)} read`])];
  const facts = seen === 0 ? onServer : here;
  return facts.length === 0 ? "looking for changes" : `looking for changes: ${facts.join(", ")}`;
}
