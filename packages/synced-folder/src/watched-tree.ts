/** A moved folder takes its content along, because paths come from parents. */
export interface WatchedFolder {
  readonly watch: number;
  name: string;
  /** undefined: the root, or moved to an unwatched place */
  parent: WatchedFolder | undefined;
  readonly children: Map<string, WatchedFolder>;
  /** Last full walk that found the folder. */
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

  /** The same folder has the same watch, so an unseen move is recognized. @param parent undefined for the root */
  place(watch: number, parent: WatchedFolder | undefined, name: string): { folder: WatchedFolder; isNew: boolean } {
    const known = this.#byWatch.get(watch);
    const folder = known ?? { watch, name, parent: undefined, children: new Map(), walk: 0 };
    this.#byWatch.set(watch, folder);
    // Changes inside while it was away are unknown.
    const isNew = known === undefined || (folder.parent === undefined && folder !== this.root);
    if (parent === undefined) this.root = folder;
    else this.attach(folder, parent, name);
    return { folder, isNew };
  }

  attach(folder: WatchedFolder, parent: WatchedFolder, name: string): void {
    // A folder inside itself has no path; a walk corrects it.
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

  /** @returns watches of the folder and everything below */
  forget(folder: WatchedFolder): number[] {
    this.detach(folder);
    this.#byWatch.delete(folder.watch);
    return [folder.watch, ...[...folder.children.values()].flatMap((child) => this.forget(child))];
  }

  /** undefined: outside the root. */
  pathOf(folder: WatchedFolder): string | undefined {
    const names: string[] = [];
    let at = folder;
    for (; at.parent !== undefined; at = at.parent) names.push(at.name);
    return at === this.root ? names.toReversed().join("/") : undefined;
  }
}
