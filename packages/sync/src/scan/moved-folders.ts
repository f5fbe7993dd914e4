import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { knownPathOf, type LocalTree, rowsIn } from "../model/local-tree.ts";
import { isNumbered, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { nearestKnown, type Top } from "./scope.ts";
import type { Entry } from "./walk.ts";

/** Children checked before a folder counts as another one. */
const childrenMax = 8;

/**
 * Finds known folders that have moved, by inode, creation time and a remaining known child (rule 6). Their content
 * counts as unchanged, except where suspected.
 */
export class MovedFolders {
  readonly #disk: LocalDisk;
  readonly #tree: LocalTree;
  readonly #suspects: ReadonlySet<string>;
  readonly #isFree: (path: string) => boolean;
  readonly #tops: readonly Top[];
  #byInode: ReadonlyMap<bigint, { readonly id: NodeId; readonly row: LocalRow }> | undefined;

  constructor(
    disk: LocalDisk,
    tree: LocalTree,
    {
      tops,
      suspects,
      isFree,
    }: {
      readonly tops: readonly Top[];
      readonly suspects: ReadonlySet<string>;
      readonly isFree: (path: string) => boolean;
    },
  ) {
    this.#disk = disk;
    this.#tree = tree;
    this.#suspects = suspects;
    this.#isFree = isFree;
    this.#tops = [...tops];
  }

  /** Returns the folder, and the places in it that may have changed. */
  async find(entry: Entry): Promise<{ readonly id: NodeId; readonly tops: readonly Top[] } | undefined> {
    const { inode, birthNs } = entry.stat.fingerprint;
    if (!isNumbered(entry.stat.fingerprint)) return undefined;
    this.#byInode ??= this.#foldersByInode();
    const known = this.#byInode.get(inode);
    if (known?.row.fingerprint.birthNs !== birthNs) return undefined;
    const { id } = known;
    const before = knownPathOf(this.#tree, id);
    if (before === undefined || !this.#isFree(before) || !this.#isFree(entry.path)) return undefined;
    if (!(await this.#hasKnownChild(id, entry.path))) return undefined;
    return { id, tops: this.#topsIn({ id, path: entry.path }, before) };
  }

  #foldersByInode(): Map<bigint, { readonly id: NodeId; readonly row: LocalRow }> {
    const found = new Map<bigint, { readonly id: NodeId; readonly row: LocalRow }>();
    for (const { id: folder } of this.#tops) {
      for (const [id, row] of rowsIn(this.#tree, folder)) {
        if (row.kind === "folder" && row.sight === "known") found.set(row.fingerprint.inode, { id, row });
      }
    }
    return found;
  }

  async #hasKnownChild(id: NodeId, path: string): Promise<boolean> {
    let tried = 0;
    for (const [, row] of rowsIn(this.#tree, id)) {
      if ((await this.#inodeOf(`${path}/${nameOnDisk(row)}`)) === row.fingerprint.inode) return true;
      tried += 1;
      if (tried === childrenMax) return false;
    }
    return false;
  }

  async #inodeOf(path: string): Promise<bigint | undefined> {
    try {
      return (await this.#disk.stat(path))?.fingerprint.inode;
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      return undefined;
    }
  }

  /** A suspect may use the old or the new path. */
  #topsIn(folder: Top, before: string): readonly Top[] {
    const below = [...this.#suspects].flatMap((suspect) =>
      [before, folder.path].flatMap((path) =>
        suspect === path || suspect.startsWith(`${path}/`) ? [suspect.slice(path.length)] : [],
      ),
    );
    const tops = new Map(nearestKnown(this.#tree, folder, below).map((top) => [top.id, top]));
    return [...tops.values()].toSorted((one, other) => one.path.length - other.path.length);
  }
}
