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
 * The part of the trees on which a plan can depend: the nodes that are not at rest, all that stands beside them in any tree, the
 * folders above, and whatever is below a folder that is not whole. A plan of this part is the plan of the whole
 * (`IdealWorld` checks it at each plan), and costs what changed and not what there is.
 * @param restless every node that is not at rest; one that is does no harm
 */
export function affectedTrees(trees: IndexedTrees, restless: Iterable<NodeId>): Trees {
  return partOf(trees, restless, false);
}

/** Of nodes that are fresh, those with which a plan begins. */
export interface Portion {
  readonly fresh: Iterable<NodeId>;
  /** So many rows of each tree are taken for them, or a folder more. */
  readonly rowsMax: number;
}

/**
 * The same, but of all that is fresh a portion only: where very much is new, a plan of it holds no more than that. What is left
 * out is whole in itself: of each folder in which something is planned all names are there (`IdealWorld` checks that too).
 * @param restless every node that is neither at rest nor fresh
 * @returns the part; `last`: the last of the fresh nodes in it, undefined if it has all of them; `hidden`: fresh nodes up to that one that the
 *   trees do not show
 */
export function affectedPortion(
  trees: IndexedTrees,
  restless: Iterable<NodeId>,
  { fresh, rowsMax }: Portion,
): { readonly trees: Trees; readonly last: NodeId | undefined; readonly hidden: number } {
  const part = partOf(trees, restless, true);
  const sizeBefore = part.size;
  let hidden = 0;
  for (const id of fresh) {
    part.takeWhole(id);
    if (!part.remote.has(id) && !part.local.has(id)) hidden += 1;
    if (part.size - sizeBefore >= rowsMax) return { trees: part, last: id, hidden };
  }
  return { trees: part, last: undefined, hidden };
}

function partOf(trees: IndexedTrees, restless: Iterable<NodeId>, isPortion: boolean): Part {
  const part = new Part(trees, isPortion);
  part.takeChildren(trees.rootId);
  for (const id of restless) part.takeWhole(id);
  // Refused nodes, of which there may be very many, come in their turn.
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

  /** With all on which its fate can depend. */
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
      // A folder that one side lacks decides what becomes of all that is in it.
      const merging = this.#mergingWith(id);
      if (!this.#isStanding(id)) waiting.push(...this.#below(id));
      else if (merging.length > 0) this.takeChildren(id);
      for (const other of merging) waiting.push(other, ...this.#all.childrenOf(other));
    }
  }

  /** What is fresh in a fresh folder comes in its turn. */
  *#below(folder: NodeId): Generator<NodeId> {
    if (this.#holdsNothing(folder)) return;
    const isCut = this.#isPortion && isFresh(this.#all, folder);
    for (const id of this.#all.childrenOf(folder)) if (!isCut || !isFresh(this.#all, id)) yield id;
  }

  /** A node keeps its kind for life. Most of what is fresh are files, and to ask for the children of each costs more than all else here. */
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

  /** A folder and those above it in any tree. @returns which of them one side lacks */
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

  /** Copies of what is in a repository go into the folder in which it stands, or into the one above. */
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

  /** In whichever tree. */
  #foldersOf(id: NodeId): Set<NodeId> {
    const rows = [this.#all.local.get(id), this.#all.remote.get(id), this.#all.synced.get(id)?.place];
    const places = [...rows, this.#all.intents.get(id)?.place];
    return new Set(places.flatMap((place) => place?.parent ?? []));
  }

  /** Folders that one side has where the other has this one: what is in them and in it meets. */
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

  /** Subfolders by the key of their name, read once: thousands may be renamed in one folder at a time. */
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
