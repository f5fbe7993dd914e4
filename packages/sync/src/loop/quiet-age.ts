import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey } from "../model/trees.ts";

/** A file as a look saw it, and what both sides agreed on. */
export interface SeenFile {
  readonly id: NodeId;
  readonly content: ContentKey;
  readonly sizeBytes: number;
  /** It is what the server has. */
  readonly isSent: boolean;
  /** Of the version that the server has; undefined: none. */
  readonly sentBytes: number | undefined;
}

interface History {
  readonly content: ContentKey;
  readonly sizeBytes: number;
  /** Of the version before. */
  readonly previousBytes: number | undefined;
  readonly changedAtMs: number;
  /** When it was seen to have grown, within the last minute; what it was otherwise meanwhile does not count. */
  readonly grownAtMs: readonly number[];
  readonly unsentSinceMs: number | undefined;
}

const rememberedMs = 60_000;
const afterShrinkMs = 2_000;
const growing = { times: 3, firstMs: 2_000, mostMs: 30_000 };
/** The next version that is read whole after this is sent, however it goes on. */
const unsentMostMs = 30_000;

/**
 * How long a file waits before it is sent: one that has just become much smaller is perhaps about to be written anew, and one that grows
 * and grows would be sent again and again.
 */
export class QuietAges {
  readonly #histories = new Map<NodeId, History>();

  /** @param files those that differ from the server, and those that were asked for before (`watched`) */
  observe(files: readonly SeenFile[], nowMs: number): void {
    for (const [id, { changedAtMs }] of this.#histories) {
      // What lies in the future was seen before the clock was set back.
      if (changedAtMs < nowMs - rememberedMs || changedAtMs > nowMs) this.#histories.delete(id);
    }
    for (const file of files) this.#histories.set(file.id, next(this.#histories.get(file.id), file, nowMs));
  }

  /** Those that were not sent yet when they were last seen. */
  get watched(): readonly NodeId[] {
    return [...this.#histories].flatMap(([id, { unsentSinceMs }]) => (unsentSinceMs === undefined ? [] : [id]));
  }

  /** Until when it waits; undefined: not at all. */
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
  return Math.min(growing.mostMs, growing.firstMs * 2 ** rounds);
}
