import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { isFresh } from "../model/agreement.ts";
import {
  type IndexedTrees,
  isLive,
  type Intent,
  type LocalRow,
  type NodeState,
  type RemoteRow,
  samePlace,
  type SyncedRow,
  type Trees,
} from "../model/trees.ts";
import { isRepository } from "../model/repositories.ts";

/**
 * The part of the trees that a plan can depend on: nodes not at rest, everything beside them, the folders above, and
 * everything below incomplete folders. Its plan equals the whole's (`IdealWorld` checks that) and costs only as much as
 * the changes.
 * @param unsynced all nodes not at rest; further ones do no harm
 */
export function affectedTrees(trees: IndexedTrees, unsynced: Iterable<NodeId>): Trees {
  return partOf(trees, unsynced, false);
}

export interface Portion {
  readonly fresh: Iterable<NodeId>;
  /** Limit per tree. The last folder may exceed it. */
  readonly rowsMax: number;
}

/**
 * Includes a portion of the fresh nodes, to limit the plan's memory. All names of each folder in the plan are included
 * (`IdealWorld` checks that too).
 * @param unsynced all nodes neither at rest nor fresh
 * @returns `last`: last fresh node, undefined if the part has all; `hidden`: number of hidden fresh nodes up to it
 */
export function affectedPortion(
  trees: IndexedTrees,
  unsynced: Iterable<NodeId>,
  { fresh, rowsMax }: Portion,
): { readonly trees: Trees; readonly last: NodeId | undefined; readonly hidden: number } {
  const part = partOf(trees, unsynced, true);
  const sizeBefore = part.size;
  let hidden = 0;
  for (const id of fresh) {
    part.takeWhole(id);
    if (!part.remote.has(id) && !part.local.has(id)) hidden += 1;
    if (part.size - sizeBefore >= rowsMax) return { trees: part, last: id, hidden };
  }
  return { trees: part, last: undefined, hidden };
}

function partOf(trees: IndexedTrees, unsynced: Iterable<NodeId>, isPortion: boolean): Part {
  const part = new Part(trees, isPortion);
  part.takeChildren(trees.rootId);
  for (const id of unsynced) part.takeWhole(id);
  // Refused nodes may be many and come in their portions.
  for (const { nodeId, isRefused } of trees.offers) if (isRefused !== true) part.takeWhole(nodeId);
  return part;
}

class Part implements Trees {
  readonly rootId: NodeId;
  readonly remote = new Map<NodeId, RemoteRow>();
  readonly local = new Map<NodeId, LocalRow>();
  readonly synced = new Map<NodeId, SyncedRow>();
  readonly offers: Trees["offers"];
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly shares: Trees["shares"];
  readonly rights: Trees["rights"];
  readonly #all: IndexedTrees;
  readonly #isPortion: boolean;
  readonly #whole = new Set<NodeId>();
  readonly #listed = new Set<NodeId>();
  readonly #above = new Set<NodeId>();
  readonly #named = {
    local: new Map<NodeId, ReadonlyMap<string, readonly NodeId[]>>(),
    remote: new Map<NodeId, ReadonlyMap<string, readonly NodeId[]>>(),
  };

  constructor(all: IndexedTrees, isPortion: boolean) {
    this.#all = all;
    this.#isPortion = isPortion;
    this.rootId = all.rootId;
    this.offers = all.offers;
    this.intents = all.intents;
    this.shares = all.shares;
    this.rights = all.rights;
  }

  get size(): number {
    return Math.max(this.local.size, this.remote.size);
  }

  takeWhole(start: NodeId): void {
    const waiting = [start];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (this.#whole.has(id) || id === this.rootId) continue;
      this.#whole.add(id);
      this.#take(id);
      for (const folder of this.#foldersOf(id)) {
        this.takeChildren(folder);
        waiting.push(...this.#takeAbove(folder));
      }
      // A folder that one side lacks determines the result of all its content.
      const merging = this.#mergingWith(id);
      if (!this.#isStanding(id)) waiting.push(...this.#below(id));
      else if (merging.length > 0) this.takeChildren(id);
      for (const other of merging) waiting.push(other, ...this.#all.childrenOf(other));
    }
  }

  /** Fresh nodes in a fresh folder come in their portions. */
  *#below(folder: NodeId): Generator<NodeId> {
    if (this.#holdsNothing(folder)) return;
    const isCut = this.#isPortion && isFresh(this.#all, folder);
    for (const id of this.#all.childrenOf(folder)) if (!isCut || !isFresh(this.#all, id)) yield id;
  }

  /** Most fresh nodes are files; querying children of each would cost more than everything else here. */
  #holdsNothing(id: NodeId): boolean {
    const { local, remote, synced } = this.#all;
    const kind = (local.get(id) ?? remote.get(id) ?? synced.get(id))?.kind;
    return kind === "file" || kind === "symlink";
  }

  takeChildren(folder: NodeId): void {
    if (this.#listed.has(folder)) return;
    this.#listed.add(folder);
    for (const id of this.#all.childrenOf(folder)) this.#take(id);
  }

  /** @returns the folders that one side lacks */
  #takeAbove(start: NodeId): NodeId[] {
    const lacking: NodeId[] = [];
    const waiting = [start];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (this.#above.has(id) || id === this.rootId) continue;
      this.#above.add(id);
      this.#take(id);
      if (!this.#isStanding(id)) lacking.push(id);
      const folders = this.#foldersOf(id);
      waiting.push(...folders);
      if (isRepository(this.#all.local.get(id)?.name ?? "")) this.#takeBeside(folders);
    }
    return lacking;
  }

  /** For copies of repository files: the folder around the repository, or the one above. */
  #takeBeside(folders: ReadonlySet<NodeId>): void {
    for (const folder of folders) {
      this.takeChildren(folder);
      for (const above of this.#foldersOf(folder)) this.takeChildren(above);
    }
  }

  #take(id: NodeId): void {
    const [remote, local, synced] = [this.#all.remote.get(id), this.#all.local.get(id), this.#all.synced.get(id)];
    if (remote !== undefined) this.remote.set(id, remote);
    if (local !== undefined) this.local.set(id, local);
    if (synced !== undefined) this.synced.set(id, synced);
  }

  #foldersOf(id: NodeId): Set<NodeId> {
    const rows = [this.#all.local.get(id), this.#all.remote.get(id), this.#all.synced.get(id)?.place];
    const places = [...rows, this.#all.intents.get(id)?.place];
    return new Set(places.flatMap((place) => place?.parent ?? []));
  }

  /** Folders whose content merges with this folder's: one side has them where the other has this one. */
  #mergingWith(id: NodeId): NodeId[] {
    const { local, remote } = this.#all;
    if (isFresh(this.#all, id)) return [];
    return [...this.#sharingName(id, local.get(id), "remote"), ...this.#sharingName(id, remote.get(id), "local")];
  }

  #sharingName(id: NodeId, here: NodeState | undefined, there: "local" | "remote"): NodeId[] {
    if (here?.kind !== "folder" || samePlace(here, this.#all[there].get(id))) return [];
    const named = this.#foldersByName(there, here.parent).get(nameKey(here.name)) ?? [];
    return named.filter((other) => other !== id);
  }

  /** Read once, because thousands may be renamed in one folder. */
  #foldersByName(tree: "local" | "remote", parent: NodeId): ReadonlyMap<string, readonly NodeId[]> {
    const known = this.#named[tree].get(parent);
    if (known !== undefined) return known;
    const rows = this.#all[tree];
    const named = new Map<string, NodeId[]>();
    for (const id of this.#all.childrenOf(parent)) {
      const row = rows.get(id);
      if (row?.kind !== "folder" || row.parent !== parent) continue;
      const key = nameKey(row.name);
      named.set(key, [...(named.get(key) ?? []), id]);
    }
    this.#named[tree].set(parent, named);
    return named;
  }

  #isStanding(id: NodeId): boolean {
    return this.#all.local.has(id) && this.#all.synced.has(id) && isLive(this.#all, id);
  }
}
