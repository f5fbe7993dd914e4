import type { EngineStatus } from "@holdfast/sync/loop/status";
import { Rate } from "../output/rate.ts";

/** To do one change takes about as long as to move so many bytes. */
const bytesOfChange = 64 * 1024;

/** How far a sync is with what it does. */
export interface HowFar {
  /** From 0 to 1; undefined while nobody knows how much there is. */
  readonly share: number | undefined;
  readonly bytesPerSecond: number;
  /** Undefined: nobody can tell yet. */
  readonly secondsLeft: number | undefined;
  /** Of the files of the plan that is carried out, as far as it is known of. */
  readonly bytes: { readonly done: number; readonly of: number };
  readonly changes: { readonly done: number; readonly of: number };
  /** That differ still, those that wait for something included. */
  readonly pendingFiles: number;
  /** Paths that move, the newest first. */
  readonly names: readonly string[];
}

/** Tells how far a sync is and how fast, from one look at it after the other. */
export class ProgressMeter {
  readonly #moved = new Rate();
  readonly #done = new Rate();

  /**
   * @param nowMs of a clock that goes on evenly
   * @param travelledBytes over the wire, if that is known: the engine counts blocks, of which several MiB arrive at once
   */
  after(nowMs: number, { pendingFiles, progress, now: plan }: EngineStatus, travelledBytes?: number): HowFar {
    const bytesPerSecond = this.#moved.after(nowMs, travelledBytes ?? progress.bytesUp + progress.bytesDown);
    const changesDone = Math.max(0, plan.changes - pendingFiles);
    const total = plan.bytes + plan.changes * bytesOfChange;
    const done = plan.bytesDone + changesDone * bytesOfChange;
    const donePerSecond = this.#done.after(nowMs, done);
    const isKnown = plan.isAll && total > 0;
    return {
      share: isKnown ? Math.min(1, done / total) : undefined,
      bytesPerSecond,
      // The first few bytes of a plan tell nothing: they would have a small file last for hours.
      secondsLeft: isKnown && donePerSecond > 0 && done >= bytesOfChange ? (total - done) / donePerSecond : undefined,
      bytes: { done: plan.bytesDone, of: plan.bytes },
      changes: { done: changesDone, of: plan.changes },
      pendingFiles,
      names: plan.names,
    };
  }
}
