import type { NodeId } from "@holdfast/core/ids";

/** Changes that wait until no further one was found for a while, so that they are judged together. */
export class DebouncedGroup {
  readonly #quietMs: number;
  /** Longest wait of a change, however many follow it. */
  readonly #mostMs: number;
  #sinceMs: ReadonlyMap<NodeId, number> = new Map();
  #lastMs = -Infinity;

  constructor(quietMs: number, mostMs: number) {
    this.#quietMs = quietMs;
    this.#mostMs = mostMs;
  }

  /**
   * @param isInPlan false for a node of a later plan
   * @returns due time of each waiting change in Unix milliseconds
   */
  note(ids: readonly NodeId[], nowMs: number, isInPlan: (id: NodeId) => boolean = () => true): Map<NodeId, number> {
    const before = this.#sinceMs;
    const later = [...before].filter(([id]) => !isInPlan(id));
    // A future time means that the clock was set back.
    const sinceMs = new Map(ids.map((id) => [id, Math.min(before.get(id) ?? nowMs, nowMs)]));
    const isMore = ids.some((id) => !before.has(id));
    this.#sinceMs = new Map([...later, ...sinceMs]);
    this.#lastMs = isMore ? nowMs : Math.min(this.#lastMs, nowMs);
    const untilMs = [...sinceMs].map(
      ([id, foundMs]) => [id, Math.min(this.#lastMs + this.#quietMs, foundMs + this.#mostMs)] as const,
    );
    return new Map(untilMs.filter(([, atMs]) => atMs > nowMs));
  }
}
