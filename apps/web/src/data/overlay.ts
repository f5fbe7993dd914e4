import type { FolderIndex, OverlayRow } from "./folder-index.ts";
import type { Row } from "./row.ts";

export type Effect =
  | { readonly kind: "set"; readonly folderId: string; readonly id: string; readonly values: Partial<Omit<Row, "id">> }
  | { readonly kind: "remove"; readonly folderId: string; readonly id: string }
  | { readonly kind: "add"; readonly folderId: string; readonly id: string; readonly row: Row };

interface PendingEffect {
  readonly operationId: string;
  readonly effect: Effect;
}

/**
 * Effects of pending actions, applied over the server's rows but never stored in them. So a failed action needs no
 * rollback.
 */
export class Overlay {
  /** Folder id -> node id -> effects, oldest first. */
  readonly #pending = new Map<string, Map<string, PendingEffect[]>>();
  readonly #effects = new Map<string, readonly Effect[]>();
  readonly #indexes = new Map<string, Set<FolderIndex>>();

  get pendingCount(): number {
    return this.#effects.size;
  }

  over(folderId: string): OverlayRow {
    return (id, server) => {
      const pending = this.#pending.get(folderId)?.get(id);
      return pending === undefined ? server : pending.reduce(applyEffect, server);
    };
  }

  connect(folderId: string, index: FolderIndex): () => void {
    const indexes = this.#indexes.get(folderId) ?? new Set();
    this.#indexes.set(folderId, indexes.add(index));
    return () => {
      indexes.delete(index);
      if (indexes.size === 0 && this.#indexes.get(folderId) === indexes) this.#indexes.delete(folderId);
    };
  }

  begin(operationId: string, effects: readonly Effect[]): void {
    this.#effects.set(operationId, effects);
    for (const effect of effects) {
      const nodes = this.#pending.get(effect.folderId) ?? new Map<string, PendingEffect[]>();
      this.#pending.set(effect.folderId, nodes);
      nodes.set(effect.id, [...(nodes.get(effect.id) ?? []), { operationId, effect }]);
    }
    this.#notifyIndexes(effects);
  }

  /**
   * Removes the effects of an ended action. On success, call it after the rows contain the result. Ignores unknown ids.
   */
  end(operationId: string): void {
    const effects = this.#effects.get(operationId) ?? [];
    this.#effects.delete(operationId);
    for (const { folderId, id } of effects) {
      const nodes = this.#pending.get(folderId);
      const left = nodes?.get(id)?.filter((pending) => pending.operationId !== operationId) ?? [];
      if (left.length > 0) nodes?.set(id, left);
      else nodes?.delete(id);
      if (nodes?.size === 0) this.#pending.delete(folderId);
    }
    this.#notifyIndexes(effects);
  }

  /** Shows the effects while `send` runs. @param settle stores the answer before the effects are removed */
  async during<Answer>(
    operationId: string,
    effects: readonly Effect[],
    send: () => Promise<Answer>,
    settle: (answer: Answer) => void,
  ): Promise<Answer> {
    this.begin(operationId, effects);
    try {
      const answer = await send();
      settle(answer);
      return answer;
    } finally {
      this.end(operationId);
    }
  }

  #notifyIndexes(effects: readonly Effect[]): void {
    for (const [folderId, ids] of Map.groupBy(effects, (effect) => effect.folderId)) {
      for (const index of this.#indexes.get(folderId) ?? []) index.overlayChanged(ids.map(({ id }) => id));
    }
  }
}

function applyEffect(row: Row | undefined, { effect }: PendingEffect): Row | undefined {
  if (effect.kind === "remove") return undefined;
  if (effect.kind === "add") return row ?? effect.row;
  return row === undefined ? undefined : { ...row, ...effect.values };
}
