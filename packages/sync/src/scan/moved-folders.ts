import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { knownPathOf, type LocalTree, rowsIn } from "../model/local-tree.ts";
import { isNumbered, type LocalRow, nameOnDisk } from "../model/trees.ts";
import { nearestKnown, type StartFolder } from "./scope.ts";
import type { Entry } from "./walk.ts";

/** Children checked before a folder counts as another one. */
const childrenMax = 8;

/**
 * Finds known folders that have moved, by inode, creation time and a remaining known child (rule 6). Their content
 * counts as unchanged, except at dirty paths.
 */
export class MovedFolders {
  readonly #disk: LocalDisk;
  readonly #tree: LocalTree;
  readonly #dirtyPaths: ReadonlySet<string>;
  readonly #isFree: (path: string) => boolean;
  readonly #startFolders: readonly StartFolder[];
  #byInode: ReadonlyMap<bigint, { readonly id: NodeId; readonly row: LocalRow }> | undefined;

  constructor(
    disk: LocalDisk,
    tree: LocalTree,
    {
      startFolders,
      dirtyPaths,
      isFree,
    }: {
      readonly startFolders: readonly StartFolder[];
      readonly dirtyPaths: ReadonlySet<string>;
      readonly isFree: (path: string) => boolean;
    },
  ) {
    this.#disk = disk;
    this.#tree = tree;
    this.#dirtyPaths = dirtyPaths;
    this.#isFree = isFree;
    this.#startFolders = [...startFolders];
  }

  async find(
    entry: Entry,
  ): Promise<{ readonly id: NodeId; readonly startFolders: readonly StartFolder[] } | undefined> {
    const { inode, birthNs } = entry.stat.fingerprint;
    if (!isNumbered(entry.stat.fingerprint)) return undefined;
    this.#byInode ??= this.#foldersByInode();
    const known = this.#byInode.get(inode);
    if (known?.row.fingerprint.birthNs !== birthNs) return undefined;
    const { id } = known;
    const before = knownPathOf(this.#tree, id);
    if (before === undefined || !this.#isFree(before) || !this.#isFree(entry.path)) return undefined;
    if (!(await this.#hasKnownChild(id, entry.path))) return undefined;
    return { id, startFolders: this.#topsIn({ id, path: entry.path }, before) };
  }

  #foldersByInode(): Map<bigint, { readonly id: NodeId; readonly row: LocalRow }> {
    const found = new Map<bigint, { readonly id: NodeId; readonly row: LocalRow }>();
    for (const { id: folder } of this.#startFolders) {
      for (const [id, row] of rowsIn(this.#tree, folder)) {
        if (row.kind === "folder" && row.readState === "known") found.set(row.fingerprint.inode, { id, row });
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

  /** A dirty path may be the old or the new one. */
  #topsIn(folder: StartFolder, before: string): readonly StartFolder[] {
    const below = [...this.#dirtyPaths].flatMap((dirtyPath) =>
      [before, folder.path].flatMap((path) =>
        dirtyPath === path || dirtyPath.startsWith(`${path}/`) ? [dirtyPath.slice(path.length)] : [],
      ),
    );
    const startFolders = new Map(nearestKnown(this.#tree, folder, below).map((top) => [top.id, top]));
    return [...startFolders.values()].toSorted((one, other) => one.path.length - other.path.length);
  }
}
