import type { Subject } from "./file-steps.ts";

/** Number of own changes that are remembered. */
const rememberedMax = 1_000;

/**
 * Serializes the user's actions on one node, each based on the result of the one before. Otherwise pasting a file whose
 * rename is still running would look like a conflict with another person.
 */
export class OwnTurns {
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** Node after an own action, by the revision before it. */
  readonly #after = new Map<string, Subject>();

  /** Runs `act` after all running actions on these nodes. @returns result of `act` */
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

  /** Records an own action: the node went from revision `before`, which the server has verified, to `after`. */
  remember(before: string, after: Subject): void {
    if (before === after.revision) return;
    this.#after.set(before, after);
    for (const oldest of this.#after.keys()) {
      if (this.#after.size <= rememberedMax) break;
      this.#after.delete(oldest);
    }
  }

  /** Returns the node after all recorded own actions. */
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
