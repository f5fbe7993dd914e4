import { originalName } from "@holdfast/sync/conflicted-name";
import { isLiveNode, type ModelNode } from "./model-tree.ts";
import type { World } from "./world.ts";

/**
 * Invariants 5 and 6 from one rest to the next. At rest everybody has seen everything, so whatever happens later happened
 * after it: what was gone then stays gone, and a name that tells of a conflict takes two people who were at work since.
 */
export class RoundOracle {
  readonly #world: World;
  #goneContents = new Set<string>();
  #goneNodes = new Set<string>();
  /** Labels of conflicts that were told of before: people save, swap and retype such files too. */
  #labels = new Set<string>();
  #deeds = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** @param isRestored a server that forgot something may bring anything back */
  checkRest(isRestored: boolean): void {
    const { model, ledger, devices } = this.#world;
    const live = [...model.nodes.values()].filter(({ id }) => isLiveNode(model.nodes, id));
    if (!isRestored) {
      this.#checkGone(live);
      this.#checkCopies(live);
    }
    const contents = new Set(live.map(({ contentId }) => contentId));
    this.#goneContents = new Set([...ledger.written].filter((key) => !contents.has(key) && !ledger.shared.has(key)));
    const ids = new Set(live.map(({ id }) => id));
    this.#goneNodes = new Set([...model.nodes.keys()].filter((id) => !ids.has(id)));
    this.#labels = new Set(live.flatMap(labelOf));
    this.#deeds = new Map(devices.map(({ name, person }) => [name, person.deeds]));
  }

  /** 5 */
  #checkGone(live: readonly ModelNode[]): void {
    for (const { id, name, contentId } of live) {
      if (this.#goneNodes.has(id)) this.#world.violate(`${name} was deleted, everybody had seen it, and it is back`);
      if (contentId !== null && this.#goneContents.has(contentId))
        this.#world.violate(`${contentId.slice(0, 12)} was gone, everybody had seen it, and it is back`);
    }
  }

  /** 6: each takes something that somebody did beside the one who did most. */
  #checkCopies(live: readonly ModelNode[]): void {
    const made = live.filter((node) => labelOf(node).some((label) => !this.#labels.has(label)));
    const deeds = this.#world.devices.map(({ name, person }) => person.deeds - (this.#deeds.get(name) ?? 0));
    const atMost = deeds.reduce((sum, each) => sum + each, 0) - Math.max(...deeds);
    if (made.length > atMost)
      this.#world.violate(`there are ${made.length} conflicted copies more, and no cause for more than ${atMost}`);
  }
}

/** The stem with its label, as people carry it along. */
function labelOf({ name }: ModelNode): string[] {
  if (originalName(name) === name) return [];
  return [name.slice(0, name.lastIndexOf(")") + 1)];
}
