import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { BatchResult } from "@holdfast/sync-ports/ports";

/** A node takes about a kilobyte. */
const nodesMax = 10_000;

/**
 * Nodes as this device's own operations answered them, until they come back as changes: then their revision is enough, as any change
 * of a node renews it. Not of mounts and of what is in them: what one may do there is told with the node and changes without it.
 */
export class OwnChanges {
  readonly #nodes = new Map<string, NodeJson>();

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** What was done first comes back first, so that is what is kept of too much. */
  note(results: readonly BatchResult[]): void {
    for (const { node } of results) {
      if (node === undefined || node.kind === "mount" || node.role !== "owner") continue;
      if (this.#nodes.has(node.id) || this.#nodes.size < nodesMax) this.#nodes.set(node.id, node);
    }
  }

  /** @returns the changes with their nodes, or undefined if the node of one is not known: then they are to be listed in full */
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

  /** What has not come back when there is nothing more to hear will not be asked for. */
  rest(): void {
    if (this.#nodes.size >= nodesMax) this.#nodes.clear();
  }
}
