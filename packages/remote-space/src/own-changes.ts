import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { BatchResult } from "@holdfast/sync-ports/ports";

/** A node takes about a kilobyte. */
const nodesMax = 10_000;

/**
 * Nodes from responses to this device's operations. When they return as changes, the revision is sufficient, because
 * any change renews it. Mounts and their content are excluded: their rights can change without the revision.
 */
export class OwnChanges {
  readonly #nodes = new Map<string, NodeJson>();

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Keeps the first ones if there are too many, because changes return in order. */
  note(results: readonly BatchResult[]): void {
    for (const { node } of results) {
      if (node === undefined || node.kind === "mount" || node.role !== "owner") continue;
      if (this.#nodes.has(node.id) || this.#nodes.size < nodesMax) this.#nodes.set(node.id, node);
    }
  }

  /** @returns undefined if a node is unknown and a full list is needed */
  fill(changes: readonly ChangeJson[]): ChangeJson[] | undefined {
    const filled: ChangeJson[] = [];
    for (const change of changes) {
      const { id, seq, kind, revision } = change;
      const node = revision === undefined ? undefined : this.#nodes.get(id);
      if (revision !== undefined && node?.revision !== revision) return undefined;
      filled.push(node === undefined ? change : { seq, kind, id, node });
    }
    return filled;
  }

  forget(changes: readonly ChangeJson[]): void {
    for (const { id } of changes) this.#nodes.delete(id);
  }

  /** Called when polling starts. A full cache is cleared, because the remaining nodes will not be needed. */
  rest(): void {
    if (this.#nodes.size >= nodesMax) this.#nodes.clear();
  }
}
