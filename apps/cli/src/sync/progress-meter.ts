import type { EngineStatus } from "@holdfast/sync/loop/status";
import { AheadBytes } from "../output/ahead-bytes.ts";
import { Rate } from "../output/rate.ts";
import { count, formatNumber } from "../output/text.ts";
import type { BandwidthLimits } from "./open-sync.ts";

/** Cost of one change beside its content: bytes of its request, and time during which a line would move other bytes. */
const changeCost = { bytes: 512, seconds: 0.001 };
/** Cost of one change on a line of unknown speed, in bytes. */
const changeBytesMost = 64 * 1024;
/** Fewer bytes say nothing about the speed of the line. */
const tellingBytes = 64 * 1024;

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

interface Line {
  /** Over the wire, if that is known: the engine counts blocks, of which several MiB arrive at once. */
  readonly travelledBytes?: number | undefined;
  /** Limits that a person has set. */
  readonly limits?: Partial<BandwidthLimits>;
}

/** Tells how far a sync is and how fast, from one look at it after the other. */
export class ProgressMeter {
  readonly #moved = new Rate();
  readonly #doneBytes = new Rate();
  readonly #doneChanges = new Rate();
  /** Speed of the line while it last moved much more than the requests of changes. */
  #lineBytesPerSecond: number | undefined;
  #shown = { stretch: -1, share: 0 };
  readonly #ahead = new AheadBytes();

  /** @param nowMs of a clock that goes on evenly */
  after(nowMs: number, status: EngineStatus, { travelledBytes, limits = {} }: Line = {}): HowFar {
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
    const hasBytes = plan.stage === "plan" || (isLook && doneBytes >= tellingBytes);
    const bytes = hasBytes ? { done: doneBytes, of: plan.bytes } : { done: 0, of: 0 };
    const changesDone = isLook ? 0 : Math.max(0, plan.changes - pendingFiles);
    const bytesRate = this.#doneBytes.after(nowMs, bytes.done);
    const changesRate = this.#doneChanges.after(nowMs, changesDone);
    if (bytes.done >= tellingBytes && bytesRate > 0 && bytesPerSecond > changesRate * changeBytesMost)
      this.#lineBytesPerSecond = bytesPerSecond;
    const perChange = this.#bytesOfChange(limits);
    const total = bytes.of + plan.changes * perChange;
    const done = bytes.done + changesDone * perChange;
    const donePerSecond = bytesRate + changesRate * perChange;
    const hasBegun = bytes.done >= tellingBytes || changesDone > 0;
    const isKnown = total > 0 && (plan.stage === "parts" || (hasBytes && plan.isAll));
    const left = pendingFiles === 0 && isLook && isKnown ? plan.changes : pendingFiles;
    return {
      share: isKnown ? this.#shareOf(plan.stretch, Math.min(1, done / total)) : undefined,
      // Questions and answers of a look are no work that goes on.
      bytesPerSecond: left === 0 && bytes.done === 0 ? 0 : bytesPerSecond,
      // The first few bytes of a plan tell nothing: they would have a small file last for hours.
      secondsLeft: isKnown && donePerSecond > 0 && hasBegun ? (total - done) / donePerSecond : undefined,
      bytes,
      changes: { done: changesDone, of: isLook ? 0 : plan.changes },
      pendingFiles: left,
      looked: left > 0 ? "" : lookedWords(look),
      names: plan.names,
    };
  }

  /** The slower the line, the less one change counts beside long files. A limit stands in until the line has shown its speed. */
  #bytesOfChange({ upBytesPerSecond = Infinity, downBytesPerSecond = Infinity }: Partial<BandwidthLimits>): number {
    const bytesPerSecond = this.#lineBytesPerSecond ?? Math.min(upBytesPerSecond, downBytesPerSecond);
    return Math.min(changeBytesMost, changeCost.bytes + bytesPerSecond * changeCost.seconds);
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
