import type { NodeId } from "@holdfast/core/ids";
import { isEvent } from "./activity-scan.ts";
import type { Happening } from "./happening.ts";

/** Changes of one or many files by one user at about the same time. */
export interface Gathered {
  readonly newest: Happening;
  /** Node that names the action: the newest, or the action's folder with more than half of its nodes. */
  readonly named: Happening;
  readonly nodes: ReadonlySet<NodeId>;
  /** Time of its oldest change, in microseconds. */
  readonly oldestAt: number;
}

/** Maximum gap and duration of one action. */
const gapMicros = 60_000_000;
const lastsMicros = 600_000_000;

/** Groups changes by person, device, verb and folder if they follow closely. Must be added newest first. */
export class Gathering {
  readonly #all: Action[] = [];
  /** Actions by shared properties; an older one replaces a newer one. */
  readonly #open = new Map<string, Action>();

  get size(): number {
    return this.#all.length;
  }

  isNew(happening: Happening): boolean {
    return this.#find(happening) === undefined;
  }

  add(happening: Happening): void {
    const found = this.#find(happening);
    const action = found ?? new Action(happening);
    action.add(happening);
    if (found !== undefined) return;
    this.#all.push(action);
    this.#open.set(keyOf(happening), action);
  }

  /** Actions, newest first. Nodes created in a folder of the same action are counted with that folder. */
  items(): readonly Gathered[] {
    const makers = new Map<NodeId, Maker>();
    for (const action of this.#all) {
      if (action.newest.verb === "created") for (const id of action.nodes) makers.set(id, { action, own: id });
    }
    // Folders are created before their content, so, newest first, a folder's action is complete when merged.
    const left = new Set(this.#all);
    for (const action of this.#all) {
      const maker = makerOf(action, makers);
      if (maker === undefined) continue;
      for (const id of action.nodes) makers.set(id, maker);
      maker.action.takeOver(action, maker.own);
      left.delete(action);
    }
    return [...left];
  }

  #find(happening: Happening): Action | undefined {
    const open = this.#open.get(keyOf(happening));
    if (open === undefined || isEvent(happening.entry)) return undefined;
    const { at } = happening.entry;
    return open.oldestAt - at <= gapMicros && open.newest.entry.at - at <= lastsMicros ? open : undefined;
  }
}

class Action implements Gathered {
  readonly newest: Happening;
  readonly nodes = new Set<NodeId>();
  oldestAt: number;
  readonly #own = new Map<NodeId, Happening>();
  readonly #below = new Map<NodeId, number>();

  constructor(newest: Happening) {
    this.newest = newest;
    this.oldestAt = newest.entry.at;
  }

  get named(): Happening {
    for (const [id, count] of this.#below)
      if (2 * (count + 1) > this.nodes.size) return this.#own.get(id) ?? this.newest;
    return this.newest;
  }

  add(happening: Happening): void {
    const { entry, node } = happening;
    this.nodes.add(node.id);
    this.#own.set(node.id, happening);
    this.oldestAt = Math.min(this.oldestAt, entry.at);
  }

  /** @param own this action's folder that contains the other's nodes */
  takeOver(other: Action, own: NodeId): void {
    for (const id of other.nodes) this.nodes.add(id);
    this.#below.set(own, (this.#below.get(own) ?? 0) + other.nodes.size);
    this.oldestAt = Math.min(this.oldestAt, other.oldestAt);
  }
}

interface Maker {
  readonly action: Action;
  readonly own: NodeId;
}

function makerOf(action: Action, makers: ReadonlyMap<NodeId, Maker>): Maker | undefined {
  const { verb, parentId, entry } = action.newest;
  const maker = verb === "created" && parentId !== null ? makers.get(parentId) : undefined;
  if (maker === undefined || maker.action === action || maker.action.newest.verb !== verb) return undefined;
  const { entry: made } = maker.action.newest;
  const together = made.actor === entry.actor && made.device_id === entry.device_id;
  const after = action.oldestAt >= maker.action.oldestAt && action.oldestAt - made.at <= gapMicros;
  return together && after ? maker : undefined;
}

function keyOf({ entry, verb, parentId }: Happening): string {
  return [entry.space_id, verb, entry.actor, entry.device_id, parentId].join(" ");
}
