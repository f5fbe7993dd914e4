import type { NodeId } from "@holdfast/core/ids";
import { isEvent } from "./activity-scan.ts";
import type { Happening } from "./happening.ts";

/** What somebody did to one or many files at about the same time. */
export interface Gathered {
  /** Of them the newest. */
  readonly newest: Happening;
  readonly nodes: Set<NodeId>;
  oldestAt: number;
}

/** So close together things are one action, as long as it lasts no longer than that. */
const gapMicros = 60_000_000;
const lastsMicros = 600_000_000;

/** Gathers happenings, given from the newest on: those of one person, device, verb and folder that follow each other closely are one. */
export class Gathering {
  readonly #all: Gathered[] = [];
  /** By what its members have in common; an older one makes room for the next. */
  readonly #open = new Map<string, Gathered>();

  get size(): number {
    return this.#all.length;
  }

  /** Whether adding it would make one more. */
  isNew(happening: Happening): boolean {
    return this.#find(happening) === undefined;
  }

  add(happening: Happening): void {
    const { entry, node } = happening;
    const found = this.#find(happening);
    if (found !== undefined) {
      found.nodes.add(node.id);
      found.oldestAt = Math.min(found.oldestAt, entry.at);
      return;
    }
    const gathered = { newest: happening, nodes: new Set([node.id]), oldestAt: entry.at };
    this.#all.push(gathered);
    this.#open.set(keyOf(happening), gathered);
  }

  /** Newest first. What was created in a folder of the same action belongs to that folder, and is counted with it. */
  items(): Gathered[] {
    const makers = new Map<NodeId, Gathered>();
    for (const gathered of this.#all) {
      if (gathered.newest.verb === "created") for (const id of gathered.nodes) makers.set(id, gathered);
    }
    // Folders are made before what lies in them, so whatever a folder takes over is complete when it is asked: newest first.
    const left = new Set(this.#all);
    for (const gathered of this.#all) {
      const maker = makerOf(gathered, makers);
      if (maker === undefined) continue;
      for (const id of gathered.nodes) {
        maker.nodes.add(id);
        makers.set(id, maker);
      }
      maker.oldestAt = Math.min(maker.oldestAt, gathered.oldestAt);
      left.delete(gathered);
    }
    return [...left];
  }

  #find(happening: Happening): Gathered | undefined {
    const open = this.#open.get(keyOf(happening));
    if (open === undefined || isEvent(happening.entry)) return undefined;
    const { at } = happening.entry;
    return open.oldestAt - at <= gapMicros && open.newest.entry.at - at <= lastsMicros ? open : undefined;
  }
}

function makerOf(gathered: Gathered, makers: ReadonlyMap<NodeId, Gathered>): Gathered | undefined {
  const { verb, parentId, entry } = gathered.newest;
  const maker = verb === "created" && parentId !== null ? makers.get(parentId) : undefined;
  if (maker === undefined || maker === gathered || maker.newest.verb !== verb) return undefined;
  const { entry: made } = maker.newest;
  const together = made.actor === entry.actor && made.device_id === entry.device_id;
  const after = gathered.oldestAt >= maker.oldestAt && gathered.oldestAt - made.at <= gapMicros;
  return together && after ? maker : undefined;
}

function keyOf({ entry, verb, parentId }: Happening): string {
  return [entry.space_id, verb, entry.actor, entry.device_id, parentId].join(" ");
}
