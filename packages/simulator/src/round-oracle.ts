import type { NodeId } from "@holdfast/core/ids";
import { originalName } from "@holdfast/sync/model/conflicted-name";
import { isLiveNode, type ModelNode } from "./model-tree.ts";
import { hiddenContents } from "./hidden-oracle.ts";
import { keptContents } from "./share-oracle.ts";
import { contentOf } from "./small-blocks.ts";
import type { World } from "./world.ts";

/**
 * Invariants 5, 6 and 13 from one rest to the next. At rest everybody has seen everything, so whatever happens later happened
 * after it: what was gone then stays gone, and a name that tells of a conflict takes two people who were at work since.
 */
export class RoundOracle {
  readonly #world: World;
  #goneContents = new Set<string>();
  #goneNodes = new Set<string>();
  #nodes: ReadonlySet<string> = new Set();
  /** Content -> the node that had it. */
  #liveContents = new Map<string, string>();
  /** Labels of conflicts that were told of before: people save, swap and retype such files too. */
  #labels = new Set<string>();
  #deeds = new Map<string, number>();
  #copyingDeeds = 0;

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
      if (this.#world.isWatchful) this.#checkIdentity(live);
    }
    const contents = new Set(live.map(({ contentId }) => contentId));
    if (this.#world.hasShares) for (const key of keptContents(this.#world)) contents.add(key);
    if (this.#world.isSelective) for (const key of hiddenContents(this.#world)) contents.add(key);
    // What a power cut may bring back is not gone for good: nobody has synced that it is.
    for (const { root } of devices) for (const key of root.lastingContents()) contents.add(key);
    this.#goneContents = new Set([...ledger.written].filter((key) => !contents.has(key) && !ledger.shared.has(key)));
    const ids = new Set(live.map(({ id }) => id));
    this.#nodes = new Set(model.nodes.keys());
    // What a device hides, or what stays there for what it hides, it has not seen go.
    const isKept = (id: string): boolean => devices.some(({ state }) => state.local.has(id as NodeId));
    this.#goneNodes = new Set([...this.#nodes].filter((id) => !ids.has(id) && !isKept(id)));
    this.#liveContents = new Map(live.flatMap(({ id, contentId }) => (contentId === null ? [] : [[contentId, id]])));
    for (const { root } of devices) root.forgetPast();
    this.#labels = new Set(live.flatMap(labelOf));
    this.#deeds = new Map([
      ...devices.map(({ name, person }) => [name, person.deeds] as const),
      ["", this.#world.deeds],
    ]);
    this.#copyingDeeds = this.#allCopyingDeeds();
    this.#world.broughtBack.clear();
  }

  /** 5 */
  #checkGone(live: readonly ModelNode[]): void {
    const { broughtBack } = this.#world;
    for (const { id, name, contentId } of live) {
      if (this.#goneNodes.has(id) && !broughtBack.has(id))
        this.#world.violate(`${name} was deleted, everybody had seen it, and it is back`);
      if (contentId !== null && this.#goneContents.has(contentId) && !broughtBack.has(contentId))
        this.#world.violate(`${contentId.slice(0, 12)} was gone, everybody had seen it, and it is back`);
    }
  }

  /**
   * 13: what nobody deleted or replaced is not deleted on the server, to come up again as something new without a history.
   * A watcher that tells of one end of a move only makes it look like that; and where something else stood at one of its names since, that may be what it is taken for.
   */
  #checkIdentity(live: readonly ModelNode[]): void {
    const { model, ledger } = this.#world;
    const holders = Map.groupBy(live, ({ contentId }) => contentId);
    for (const [contentId, id] of this.#liveContents) {
      const now = holders.get(contentId) ?? [];
      const isNew = (node: ModelNode): boolean =>
        !this.#nodes.has(node.id) && model.firstContents.get(node.id) === contentId;
      if (now.length === 0 || !now.every(isNew) || !ledger.mustLive.has(contentId)) continue;
      if (!this.#isSurelyOne(contentId)) continue;
      const before = model.nodes.get(id);
      if (before !== undefined && before.contentId === contentId)
        this.#world.violate(
          `${before.name} was deleted by nobody, and came up again as ${now[0]?.name} with ${contentId.slice(0, 12)}`,
        );
    }
  }

  #isSurelyOne(contentId: string): boolean {
    return this.#world.devices.every(({ root }) => {
      // Also what is aside, or gone: it may be a copy of that which has the name now.
      const holders = [...root.inodes()].filter(({ now }) => contentOf(now.bytes) === contentId);
      return holders.every((inode) => !inode.wasLinked && root.hadItsNamesAlone(inode));
    });
  }

  /** 6: each takes something that somebody did beside the one who did most. */
  #checkCopies(live: readonly ModelNode[]): void {
    const made = live.filter((node) => labelOf(node).some((label) => !this.#labels.has(label)));
    const deeds = this.#world.devices.map(({ name, person }) => person.deeds - (this.#deeds.get(name) ?? 0));
    deeds.push(this.#world.deeds - (this.#deeds.get("") ?? 0));
    // What one side showed alone counts as new once the other shows it too.
    if (this.#world.isSelective) return;
    // What comes back where one may only read may meet what its only person has put there.
    const busiest = this.#world.hasShares ? 0 : Math.max(...deeds);
    const copying = this.#allCopyingDeeds() - this.#copyingDeeds;
    const atMost = deeds.reduce((sum, each) => sum + each, copying) - busiest;
    // A name that is free where case is folded may be another's on the server: that takes no second person.
    const isFolding = this.#world.devices.some(({ name }) => this.#world.foldsCase(name));
    if (isFolding && this.#world.hasConfusableNames) return;
    if (made.length > atMost)
      this.#world.violate(`there are ${made.length} conflicted copies more, and no cause for more than ${atMost}`);
  }

  #allCopyingDeeds(): number {
    return this.#world.devices.reduce((sum, { person }) => sum + person.copyingDeeds, 0);
  }
}

/** The stem with its label, as people carry it along. */
function labelOf({ name }: ModelNode): string[] {
  // Two names that are one here or on the server take no second person.
  if (originalName(name) === name || !name.includes("conflicted copy")) return [];
  return [name.slice(0, name.lastIndexOf(")") + 1)];
}
