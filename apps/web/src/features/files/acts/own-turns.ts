import type { Subject } from "./file-steps.ts";

const rememberedMax = 1_000;

/**
 * Serializes own actions on a node, each based on the result before. Otherwise pasting a file during its rename would
 * look like a conflict.
 */
export class OwnTurns {
  readonly #underWay = new Map<string, Promise<unknown>>();
  /** Keyed by the revision before the action. */
  readonly #after = new Map<string, Subject>();

  /** Waits for running actions on these nodes. */
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

  /** @param before revision that the server has verified */
  remember(before: string, after: Subject): void {
    if (before === after.revision) return;
    this.#after.set(before, after);
    for (const oldest of this.#after.keys()) {
      if (this.#after.size <= rememberedMax) break;
      this.#after.delete(oldest);
    }
  }

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
