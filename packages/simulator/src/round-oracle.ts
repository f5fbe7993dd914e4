import type { NodeId } from "@holdfast/core/ids";
import { originalName } from "@holdfast/sync/model/conflicted-name";
import { isLiveNode, type ModelNode } from "./model-tree.ts";
import { hiddenContents } from "./hidden-oracle.ts";
import { keptContents } from "./share-oracle.ts";
import { contentOf } from "./small-blocks.ts";
import type { World } from "./world.ts";

/**
 * Checks invariants 5, 6 and 13 between idle states. At an idle state everybody has seen everything, so later acts
 * follow it. Removed content stays removed, and a conflicted name requires two people who acted since.
 */
export class RoundOracle {
  readonly #world: World;
  #goneContents = new Set<string>();
  #goneNodes = new Set<string>();
  #nodes: ReadonlySet<string> = new Set();
  #liveContents = new Map<string, string>();
  /** Labels of earlier conflicts, because people also save, swap and retype such files. */
  #labels = new Set<string>();
  #deeds = new Map<string, number>();
  #copyingDeeds = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** @param isRestored the server forgot something and may bring anything back */
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
    // Content that a power failure may restore is not durably removed.
    for (const { root } of devices) for (const key of root.lastingContents()) contents.add(key);
    this.#goneContents = new Set([...ledger.written].filter((key) => !contents.has(key) && !ledger.shared.has(key)));
    const ids = new Set(live.map(({ id }) => id));
    this.#nodes = new Set(model.nodes.keys());
    // A device has not seen the removal of hidden items, or of folders kept for them.
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

  /** Checks invariant 5. */
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
   * Invariant 13: an item that nobody deleted or replaced is not deleted on the server and uploaded as new without history. A
   * watcher that reports only one end of a move makes it look like that. If another item was at one of its names since,
   * it may be mistaken for that.
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
      // Includes parked and removed files, of which the named one may be a copy.
      const holders = [...root.inodes()].filter(({ now }) => contentOf(now.bytes) === contentId);
      return holders.every((inode) => !inode.wasLinked && root.hadItsNamesAlone(inode));
    });
  }

  /** Invariant 6: each copy requires an act besides those of the most active person. */
  #checkCopies(live: readonly ModelNode[]): void {
    const made = live.filter((node) => labelOf(node).some((label) => !this.#labels.has(label)));
    const deeds = this.#world.devices.map(({ name, person }) => person.deeds - (this.#deeds.get(name) ?? 0));
    deeds.push(this.#world.deeds - (this.#deeds.get("") ?? 0));
    // An item visible on one side only counts as new when the other shows it.
    if (this.#world.isSelective) return;
    // A returning read-only item may collide with a new item of its only person.
    const busiest = this.#world.hasShares ? 0 : Math.max(...deeds);
    const copying = this.#allCopyingDeeds() - this.#copyingDeeds;
    const atMost = deeds.reduce((sum, each) => sum + each, copying) - busiest;
    // A name that is free on a case-folding disk may be taken on the server, without a second person.
    const isFolding = this.#world.devices.some(({ name }) => this.#world.foldsCase(name));
    if (isFolding && this.#world.hasConfusableNames) return;
    if (made.length > atMost)
      this.#world.violate(`there are ${made.length} conflicted copies more, and no cause for more than ${atMost}`);
  }

  #allCopyingDeeds(): number {
    return this.#world.devices.reduce((sum, { person }) => sum + person.copyingDeeds, 0);
  }
}

function labelOf({ name }: ModelNode): string[] {
  // Names that are equal here or on the server need no second person.
  if (originalName(name) === name || !name.includes("conflicted copy")) return [];
  return [name.slice(0, name.lastIndexOf(")") + 1)];
}
