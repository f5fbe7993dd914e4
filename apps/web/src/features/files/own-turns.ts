import type { Subject } from "./file-steps.ts";

/** Of how many own acts it is remembered what they replaced. */
const rememberedMax = 1_000;

/**
 * Own acts on one node go one after the other, and each begins where the one before ended: what was cut while its rename was still
 * under way would else seem to be changed by somebody else when it is pasted.
 */
export class OwnTurns {
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** What an own act has made of a node, by the revision that it found. */
  readonly #after = new Map<string, Subject>();

  /** @returns what `act` returns, which begins once nothing is under way with these nodes */
  async take<Answer>(ids: readonly string[], act: () => Promise<Answer>): Promise<Answer> {
    const before = ids.flatMap((id) => this.#underWay.get(id) ?? []);
    const turn = Promise.allSettled(before).then(act);
    const ended = turn.catch(() => {});
    for (const id of ids) this.#underWay.set(id, ended);
    try {
      return await turn;
    } finally {
      for (const id of ids) if (this.#underWay.get(id) === ended) this.#underWay.delete(id);
    }
  }

  /** The node is as `after` since an own act, for which the server made sure that it was at revision `before`. */
  remember(before: string, after: Subject): void {
    if (before === after.revision) return;
    this.#after.set(before, after);
    for (const oldest of this.#after.keys()) {
      if (this.#after.size <= rememberedMax) break;
      this.#after.delete(oldest);
    }
  }

  /** What own acts have made of a node since. */
  latest(subject: Subject): Subject {
    let latest = subject;
    for (let steps = 0; steps < rememberedMax; steps++) {
      const next = this.#after.get(latest.revision);
      if (next === undefined || next.id !== subject.id) break;
      latest = next;
    }
    return latest;
  }
}
