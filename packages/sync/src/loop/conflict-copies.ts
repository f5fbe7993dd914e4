import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { CopyMade } from "../plan/policy.ts";

const firstWaitMs = 2_000;
const longestWaitMs = 60_000;
/** After so long without a conflict the next one of the file is like the first. */
const rememberedMs = 600_000;

interface Made extends CopyMade {
  readonly atMs: number;
  /** One after the other, with less than `rememberedMs` between two of them. */
  readonly times: number;
}

/**
 * The conflicted copies that this run has made, by the file of which they are. Where two devices keep writing to one file, each of their
 * saves is a conflict: they share one copy, whose versions they are, and are copied more and more rarely.
 */
export class ConflictCopies {
  readonly #made = new Map<NodeId, Made>();

  of(id: NodeId): CopyMade | undefined {
    return this.#made.get(id);
  }

  note({ id, local, name, onto }: LocalOperation & { readonly op: "copy_aside" }, nowMs: number): void {
    for (const [each, { atMs }] of this.#made) if (!isRecent(atMs, nowMs)) this.#made.delete(each);
    const times = (this.#made.get(id)?.times ?? 0) + 1;
    // Without an exchange on this disk the new copy has a name of its own.
    const names = onto === undefined ? [name] : [onto.local.name, name];
    this.#made.set(id, { names, content: local.content, atMs: nowMs, times });
  }

  /** Time until which the next copy waits; undefined: it does not wait. */
  waitsUntilMs(id: NodeId, nowMs: number): number | undefined {
    const made = this.#made.get(id);
    if (made === undefined || !isRecent(made.atMs, nowMs)) return undefined;
    const untilMs = made.atMs + Math.min(longestWaitMs, firstWaitMs * 2 ** (made.times - 1));
    return untilMs > nowMs ? untilMs : undefined;
  }
}

/** A time in the future was noted before the clock was set back. */
function isRecent(atMs: number, nowMs: number): boolean {
  return atMs > nowMs - rememberedMs && atMs <= nowMs;
}
