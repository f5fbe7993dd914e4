import type { EngineStatus } from "@holdfast/sync/loop/engine/status";
import { AheadBytes } from "../output/ahead-bytes.ts";
import { Rate } from "../output/rate.ts";
import { count, formatNumber } from "../output/text.ts";
import type { BandwidthLimits } from "./open-sync.ts";

/**
 * Cost of one change in addition to its content: bytes of the request, and seconds in which the connection could
 * transfer other data.
 */
const changeCost = { bytes: 512, seconds: 0.001 };
/** Maximum cost of one change in bytes, used while the speed is unknown. */
const changeBytesMost = 64 * 1024;
/** Minimum number of bytes to estimate the speed. */
const tellingBytes = 64 * 1024;

/** A smaller decrease is hidden. After a larger one, the share is unknown until it has caught up. */
const setbackMax = 0.05;

export interface HowFar {
  /** Share from 0 to 1, never decreasing during continuous work; undefined while unknown. */
  readonly share: number | undefined;
  readonly bytesPerSecond: number;
  /** undefined: no estimate yet */
  readonly secondsLeft: number | undefined;
  /** Content of the current plan, as far as known; 0 of 0 if plans follow each other. */
  readonly bytes: { readonly done: number; readonly of: number };
  readonly changes: { readonly done: number; readonly of: number };
  /** Includes waiting differences. Before there is a plan: found files whose content is transferred. */
  readonly pendingFiles: number;
  /** "" while changes are carried out. */
  readonly looked: string;
  /** Paths in transfer, newest first. */
  readonly names: readonly string[];
}

interface Line {
  /** The engine counts whole blocks of several MiB. */
  readonly travelledBytes?: number | undefined;
  readonly limits?: Partial<BandwidthLimits>;
}

export class ProgressMeter {
  readonly #moved = new Rate();
  readonly #doneBytes = new Rate();
  readonly #doneChanges = new Rate();
  /** Last speed while much more than requests was transferred. */
  #lineBytesPerSecond: number | undefined;
  #shown = { stretch: -1, share: 0 };
  readonly #ahead = new AheadBytes();

  /** @param nowMs monotonic clock */
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
      // Requests of a scan are not progress.
      bytesPerSecond: left === 0 && bytes.done === 0 ? 0 : bytesPerSecond,
      // The first bytes of a plan would lead to an estimate of hours for a small file.
      secondsLeft: isKnown && donePerSecond > 0 && hasBegun ? (total - done) / donePerSecond : undefined,
      bytes,
      changes: { done: changesDone, of: isLook ? 0 : plan.changes },
      pendingFiles: left,
      looked: left > 0 ? "" : lookedWords(look),
      names: plan.names,
    };
  }

  /** On a slow connection, a change costs less relative to long files. A limit replaces the speed until it is known. */
  #bytesOfChange({ upBytesPerSecond = Infinity, downBytesPerSecond = Infinity }: Partial<BandwidthLimits>): number {
    const bytesPerSecond = this.#lineBytesPerSecond ?? Math.min(upBytesPerSecond, downBytesPerSecond);
    return Math.min(changeBytesMost, changeCost.bytes + bytesPerSecond * changeCost.seconds);
  }

  /** More work may be found while changes are carried out. */
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
