import type { NodeId } from "@holdfast/core/ids";
import type { Place } from "../trees.ts";

/** What stands directly in each folder of one tree. */
export class Children {
  readonly #byFolder = new Map<NodeId, Set<NodeId>>();

  of(folder: NodeId): Iterable<NodeId> {
    return this.#byFolder.get(folder) ?? [];
  }

  /** A node was in one folder, and is in another, or in none. */
  move(id: NodeId, from: Place | undefined, to: Place | undefined): void {
    if (from?.parent === to?.parent) return;
    if (from !== undefined) {
      const left = this.#byFolder.get(from.parent);
      left?.delete(id);
      if (left?.size === 0) this.#byFolder.delete(from.parent);
    }
    if (to === undefined) return;
    const entered = this.#byFolder.get(to.parent);
    if (entered === undefined) this.#byFolder.set(to.parent, new Set([id]));
    else entered.add(id);
  }
}
