/** A folder that is watched. Its path is told by those above it, so that a folder that moves takes all below along. */
export interface WatchedFolder {
  readonly watch: number;
  name: string;
  /** Undefined of the root, and of one that was moved to where nobody looks. */
  parent: WatchedFolder | undefined;
  readonly children: Map<string, WatchedFolder>;
  /** Of the last full walk that met it. */
  walk: number;
}

export class WatchedTree {
  root: WatchedFolder | undefined;
  readonly #byWatch = new Map<number, WatchedFolder>();

  get size(): number {
    return this.#byWatch.size;
  }

  at(watch: number): WatchedFolder | undefined {
    return this.#byWatch.get(watch);
  }

  all(): IterableIterator<WatchedFolder> {
    return this.#byWatch.values();
  }

  /**
   * Puts the folder that has this watch where it was found. The kernel gives the same watch for the same folder, so one that
   * came by a move that was not seen is known again.
   * @param parent undefined for the root
   */
  place(watch: number, parent: WatchedFolder | undefined, name: string): { folder: WatchedFolder; isNew: boolean } {
    const known = this.#byWatch.get(watch);
    const folder = known ?? { watch, name, parent: undefined, children: new Map(), walk: 0 };
    this.#byWatch.set(watch, folder);
    // Of what was done in it while it was away nothing is known.
    const isNew = known === undefined || (folder.parent === undefined && folder !== this.root);
    if (parent === undefined) this.root = folder;
    else this.attach(folder, parent, name);
    return { folder, isNew };
  }

  attach(folder: WatchedFolder, parent: WatchedFolder, name: string): void {
    // What stands in itself would have no path; a walk puts it right.
    for (let at: WatchedFolder | undefined = parent; at !== undefined; at = at.parent) if (at === folder) return;
    this.detach(folder);
    const old = parent.children.get(name);
    if (old !== undefined) this.detach(old);
    parent.children.set(name, folder);
    folder.parent = parent;
    folder.name = name;
  }

  detach(folder: WatchedFolder): void {
    const { parent, name } = folder;
    if (parent?.children.get(name) === folder) parent.children.delete(name);
    folder.parent = undefined;
  }

  /** @returns the watches of it and of all below, to be removed */
  forget(folder: WatchedFolder): number[] {
    this.detach(folder);
    this.#byWatch.delete(folder.watch);
    return [folder.watch, ...[...folder.children.values()].flatMap((child) => this.forget(child))];
  }

  /** Undefined if it is nowhere in the root. */
  pathOf(folder: WatchedFolder): string | undefined {
    const names: string[] = [];
    let at = folder;
    for (; at.parent !== undefined; at = at.parent) names.push(at.name);
    return at === this.root ? names.toReversed().join("/") : undefined;
  }
}
