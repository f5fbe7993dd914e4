import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Place } from "../model/trees.ts";

/** Deeper levels are not synced. */
const depthMax = 2 * limits.pathNamesMax;

export interface Step<Operation> {
  readonly operation: Operation;
  readonly id: NodeId;
  /** undefined: the node is deleted */
  readonly to: Place | undefined;
  /** The step keeps name and existence. Only the node and its folder must exist. */
  readonly inPlace: boolean;
}

export interface Ordering<Operation> {
  readonly ready: readonly Step<Operation>[];
  /** Steps in cycles of names, or waiting for something outside. */
  readonly stuck: readonly Step<Operation>[];
}

/** Third element: folder whose deletion includes the node, if not its parent. */
export type TableRow = readonly [id: NodeId, place: Place, goesWith?: NodeId];

export class NameTable {
  readonly #rootId: NodeId;
  readonly #slotOf: (place: Place) => string;
  readonly #places = new Map<NodeId, Place | undefined>();
  readonly #holders = new Map<string, NodeId>();
  readonly #countedIn = new Map<NodeId, NodeId>();
  readonly #children = new Map<NodeId, number>();

  constructor(rootId: NodeId, slotOf: (place: Place) => string, nodes: Iterable<TableRow>) {
    this.#rootId = rootId;
    this.#slotOf = slotOf;
    for (const [id, place, goesWith] of nodes) this.put(id, place, goesWith);
  }

  /** @param place undefined: parked, without a name */
  put(id: NodeId, place: Place | undefined, goesWith = place?.parent): void {
    this.#leave(id);
    this.#places.set(id, place);
    if (place === undefined || goesWith === undefined) return;
    this.#holders.set(this.#slotOf(place), id);
    this.#countedIn.set(id, goesWith);
    this.#children.set(goesWith, (this.#children.get(goesWith) ?? 0) + 1);
  }

  remove(id: NodeId): void {
    this.#leave(id);
    this.#places.delete(id);
  }

  holderOf(place: Place): NodeId | undefined {
    return this.#holders.get(this.#slotOf(place));
  }

  /** Folder whose deletion includes the node. */
  folderOf(id: NodeId | undefined): NodeId | undefined {
    return id === undefined ? undefined : this.#countedIn.get(id);
  }

  *selfAndAncestors(id: NodeId): Generator<NodeId, void> {
    let at: NodeId | undefined = id;
    for (let depth = 0; at !== undefined && at !== this.#rootId && depth <= depthMax; depth += 1) {
      yield at;
      at = this.#places.get(at)?.parent;
    }
  }

  /** The same nodes without names, so that none blocks a name. */
  nameless(): NameTable {
    let number = 0;
    return this.#copied(
      () => String((number += 1)),
      () => true,
    );
  }

  without(isLeftOut: (id: NodeId) => boolean): NameTable {
    return this.#copied(this.#slotOf, (id) => !isLeftOut(id));
  }

  #copied(slotOf: (place: Place) => string, isThere: (id: NodeId) => boolean): NameTable {
    const copy = new NameTable(this.#rootId, slotOf, []);
    for (const [id, place] of this.#places) if (isThere(id)) copy.put(id, place, this.#countedIn.get(id));
    return copy;
  }

  allows({ id, to, inPlace }: Step<unknown>): boolean {
    if (inPlace) return this.#places.has(id);
    if (to === undefined) return (this.#children.get(id) ?? 0) === 0;
    const holder = this.holderOf(to);
    return (holder === undefined || holder === id) && this.#reaches(to.parent, id);
  }

  /** True if the folders lead to the root or a parked node without passing `except`. */
  #reaches(id: NodeId, except: NodeId): boolean {
    let at = id;
    // Folders moved during a scan may be recorded as containing each other.
    for (let depth = 0; at !== this.#rootId && depth <= depthMax; depth += 1) {
      if (at === except || !this.#places.has(at)) return false;
      const parent = this.#places.get(at)?.parent;
      if (parent === undefined) return true;
      at = parent;
    }
    return at === this.#rootId;
  }

  #leave(id: NodeId): void {
    const before = this.#places.get(id);
    if (before === undefined) return;
    if (this.#holders.get(this.#slotOf(before)) === id) this.#holders.delete(this.#slotOf(before));
    const folder = this.#countedIn.get(id) ?? before.parent;
    this.#children.set(folder, (this.#children.get(folder) ?? 1) - 1);
  }
}

/** Executes possible steps until none is left. Modifies the table. */
export function order<Operation>(table: NameTable, steps: readonly Step<Operation>[]): Ordering<Operation> {
  const ready: Step<Operation>[] = [];
  let waiting = steps;
  for (let moved = true; moved;) {
    moved = false;
    const still: Step<Operation>[] = [];
    for (const step of waiting) {
      if (!table.allows(step)) {
        still.push(step);
        continue;
      }
      moved = true;
      ready.push(step);
      if (step.inPlace) continue;
      if (step.to === undefined) table.remove(step.id);
      else table.put(step.id, step.to);
    }
    waiting = still;
  }
  return { ready, stuck: waiting };
}

/** Stuck steps that free each other's names, in an order in which their folders exist. */
export function nameCycleOf<Operation>(
  table: NameTable,
  stuck: readonly Step<Operation>[],
): readonly Step<Operation>[] {
  let cycle = stuck.filter(({ inPlace }) => !inPlace);
  while (cycle.length > 0) {
    const leaving = new Set(cycle.map(({ id }) => id));
    const free = cycle.filter(({ to }) => {
      const holder = to === undefined ? undefined : table.holderOf(to);
      return holder === undefined || leaving.has(holder);
    });
    const { ready } = order(table.nameless(), free);
    if (ready.length === cycle.length) return ready;
    cycle = [...ready];
  }
  return cycle;
}

/** Items that enter a newly private folder must find it private. */
export function privateFirst<Operation extends { readonly op: string; readonly isPrivate?: boolean | undefined }>(
  steps: readonly Step<Operation>[],
): readonly Step<Operation>[] {
  const tightens = ({ operation: { op, isPrivate } }: Step<Operation>): boolean => op === "set" && isPrivate === true;
  return [...steps.filter(tightens), ...steps.filter((step) => !tightens(step))];
}
