import { backoffMs } from "@holdfast/core/backoff";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey } from "../../model/trees.ts";

export interface SeenFile {
  readonly id: NodeId;
  readonly content: ContentKey;
  readonly sizeBytes: number;
  readonly isSent: boolean;
  /** Size of the server's version; undefined: none. */
  readonly sentBytes: number | undefined;
}

interface History {
  readonly content: ContentKey;
  readonly sizeBytes: number;
  readonly previousBytes: number | undefined;
  readonly changedAtMs: number;
  /** Times of growth seen within the last minute, whatever else changed in between. */
  readonly grownAtMs: readonly number[];
  readonly unsentSinceMs: number | undefined;
}

const rememberedMs = 60_000;
const afterShrinkMs = 2_000;
const growing = { times: 3, firstMs: 2_000, maxMs: 30_000 };
/** After this time, the next version that is read completely is sent despite further changes. */
const unsentMostMs = 30_000;

/**
 * Delays uploads of changing files. A file that just shrank a lot may be about to be rewritten, and one that keeps
 * growing would be sent repeatedly.
 */
export class UploadDebounce {
  readonly #histories = new Map<NodeId, History>();

  /** @param files files that differ from the server, and those in `watched` */
  observe(files: readonly SeenFile[], nowMs: number): void {
    for (const [id, { changedAtMs }] of this.#histories) {
      // A future time means that the clock was set back.
      if (changedAtMs < nowMs - rememberedMs || changedAtMs > nowMs) this.#histories.delete(id);
    }
    for (const file of files) this.#histories.set(file.id, next(this.#histories.get(file.id), file, nowMs));
  }

  get watched(): readonly NodeId[] {
    return [...this.#histories].flatMap(([id, { unsentSinceMs }]) => (unsentSinceMs === undefined ? [] : [id]));
  }

  /** undefined: no wait. */
  waitsUntilMs(id: NodeId, nowMs: number): number | undefined {
    const history = this.#histories.get(id);
    if (history?.unsentSinceMs === undefined) return undefined;
    const untilMs = Math.min(history.changedAtMs + quietMs(history), history.unsentSinceMs + unsentMostMs);
    return untilMs > nowMs ? untilMs : undefined;
  }
}

function next(before: History | undefined, file: SeenFile, nowMs: number): History {
  const { content, sizeBytes, isSent, sentBytes } = file;
  const unsentSinceMs = isSent ? undefined : (before?.unsentSinceMs ?? nowMs);
  if (before?.content === content) return { ...before, unsentSinceMs };
  const previousBytes = before?.sizeBytes ?? sentBytes;
  const hasGrown = previousBytes !== undefined && sizeBytes > previousBytes;
  const earlier = (before?.grownAtMs ?? []).filter((atMs) => atMs > nowMs - rememberedMs);
  const grownAtMs = hasGrown ? [...earlier, nowMs] : earlier;
  return { content, sizeBytes, previousBytes, changedAtMs: nowMs, grownAtMs, unsentSinceMs };
}

function quietMs({ sizeBytes, previousBytes = 0, grownAtMs }: History): number {
  if (sizeBytes < previousBytes / 2) return afterShrinkMs;
  const rounds = grownAtMs.length - growing.times;
  if (rounds < 0 || sizeBytes <= previousBytes) return 0;
  return backoffMs(growing, rounds + 1);
}
