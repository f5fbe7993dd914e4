import type { NodeId } from "@holdfast/core/ids";
import type { MissingFeatures } from "../model/missing-features.ts";
import { joinPath } from "@holdfast/sync-ports/paths";
import { RecentCache } from "../general/recent-cache.ts";
import { type IndexedTrees, isLive, type Place, type Trees } from "../model/trees.ts";
import { VisibleRows } from "../model/visible-rows.ts";
import type { Rules } from "./rules.ts";
import { unfitness } from "./unfit.ts";

type TreeName = "local" | "remote" | "synced";
type Rows = Pick<Trees, "rootId"> & { readonly [Name in TreeName]: Pick<Trees[Name], "get"> };

interface Way {
  readonly path: string;
  /** The disk can store each part of the path. */
  readonly isFit: boolean;
}

const rootWay: Way = { path: "", isFit: true };

/**
 * Rows hidden by their own path in each tree, and server nodes that the disk cannot store. Caches paths: valid while
 * the trees are unchanged.
 */
export class Visibility {
  readonly #trees: Rows;
  readonly #rules: Rules;
  readonly #missingFeatures: MissingFeatures;
  readonly #ways = perTree<Way>();
  readonly #hidden = perTree<boolean>();

  /** @param missingFeatures items that need these features stay on the server */
  constructor(trees: Rows, rules: Rules, missingFeatures: MissingFeatures) {
    this.#trees = trees;
    this.#rules = rules;
    this.#missingFeatures = missingFeatures;
  }

  hidesLocal(id: NodeId): boolean {
    const row = this.#trees.local.get(id);
    return row !== undefined && this.#hides("local", id, row.kind === "folder");
  }

  hidesRemote(id: NodeId): boolean {
    const row = this.#trees.remote.get(id);
    return row !== undefined && this.#hides("remote", id, row.kind === "folder");
  }

  /** A base without a place is hidden with any row that has one. */
  hidesSynced(id: NodeId): boolean {
    const row = this.#trees.synced.get(id);
    if (row === undefined) return false;
    if (row.place === undefined) return this.hidesLocal(id) || this.hidesRemote(id);
    return this.#hides("synced", id, row.kind === "folder");
  }

  hidesIn(children: Iterable<NodeId>, folder: NodeId): boolean {
    for (const id of children) {
      if (this.#trees.remote.get(id)?.parent === folder && isLive(this.#trees, id) && this.hidesRemote(id)) return true;
    }
    return false;
  }

  #hides(tree: TreeName, id: NodeId, isFolder: boolean): boolean {
    const known = this.#hidden[tree].get(id);
    if (known !== undefined) return known;
    const way = this.#wayIn(tree, id, 0);
    const is = way !== undefined && (!way.isFit || this.#rules.hides(way.path, isFolder));
    this.#hidden[tree].set(id, is);
    return is;
  }

  /** undefined: the folders do not lead to the root. */
  #wayIn(tree: TreeName, id: NodeId, depth: number): Way | undefined {
    if (id === this.#trees.rootId) return rootWay;
    const known = this.#ways[tree].get(id);
    if (known !== undefined) return known;
    const place = this.#placeIn(tree, id);
    // Cyclic rows have no path.
    const folder = place === undefined || depth > depthMax ? undefined : this.#wayIn(tree, place.parent, depth + 1);
    if (place === undefined || folder === undefined) return undefined;
    const way = { path: joinPath(folder.path, place.name), isFit: folder.isFit && this.#isFit(tree, id) };
    this.#ways[tree].set(id, way);
    return way;
  }

  /** Only server nodes can be unfit. */
  #isFit(tree: TreeName, id: NodeId): boolean {
    const row = tree === "remote" ? this.#trees.remote.get(id) : undefined;
    return row === undefined || unfitness(this.#trees.rootId, row, this.#missingFeatures) === undefined;
  }

  #placeIn(tree: TreeName, id: NodeId): Place | undefined {
    return tree === "synced" ? this.#trees.synced.get(id)?.place : this.#trees[tree].get(id);
  }
}

const depthMax = 1000;
/** Per tree; up to twice as many are kept. */
const rememberedMax = 8192;

function perTree<Value extends {}>(): Readonly<Record<TreeName, RecentCache<NodeId, Value>>> {
  const recent = (): RecentCache<NodeId, Value> => new RecentCache(rememberedMax);
  return { local: recent(), remote: recent(), synced: recent() };
}

export function visibleTrees(trees: IndexedTrees, visibility: Visibility): IndexedTrees {
  const { rootId, offers, intents, shares, rights } = trees;
  return {
    childrenOf: (folder) => trees.childrenOf(folder),
    rootId,
    offers,
    intents,
    shares,
    rights,
    local: new VisibleRows(trees.local, (id) => !visibility.hidesLocal(id)),
    remote: new VisibleRows(trees.remote, (id) => !visibility.hidesRemote(id)),
    synced: new VisibleRows(trees.synced, (id) => !visibility.hidesSynced(id)),
  };
}
