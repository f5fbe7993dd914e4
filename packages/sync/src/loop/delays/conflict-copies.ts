import { backoffMs } from "@holdfast/core/backoff";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation } from "../../plan/plan-types.ts";
import type { CopyMade } from "../../plan/policy.ts";

const backoff = { firstMs: 2_000, maxMs: 60_000 };
/** After this long without a conflict, the file's next conflict counts as its first. */
const rememberedMs = 600_000;

interface Made extends CopyMade {
  readonly atMs: number;
  readonly times: number;
}

/**
 * Conflicted copies made by this run, by their file. If two devices keep writing to one file, the saves become versions
 * of one copy, at growing intervals.
 */
export class ConflictCopies {
  readonly #made = new Map<NodeId, Made>();

  of(id: NodeId): CopyMade | undefined {
    return this.#made.get(id);
  }

  note({ id, local, name, onto }: LocalOperation & { readonly op: "copy_aside" }, nowMs: number): void {
    for (const [each, { atMs }] of this.#made) if (!isRecent(atMs, nowMs)) this.#made.delete(each);
    const times = (this.#made.get(id)?.times ?? 0) + 1;
    // Without an exchange on the disk, the new copy has its own name.
    const names = onto === undefined ? [name] : [onto.local.name, name];
    const { content, executable } = local;
    this.#made.set(id, { names, content, executable, atMs: nowMs, times });
  }

  /** Returns the time of the next copy in Unix milliseconds; undefined: immediately. */
  waitsUntilMs(id: NodeId, nowMs: number): number | undefined {
    const made = this.#made.get(id);
    if (made === undefined || !isRecent(made.atMs, nowMs)) return undefined;
    const untilMs = made.atMs + backoffMs(backoff, made.times);
    return untilMs > nowMs ? untilMs : undefined;
  }
}

/** A future time means that the clock was set back. */
function isRecent(atMs: number, nowMs: number): boolean {
  return atMs > nowMs - rememberedMs && atMs <= nowMs;
}
