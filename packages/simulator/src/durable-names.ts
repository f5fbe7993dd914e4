import type { Tape } from "./chances.ts";

interface Change {
  readonly folder: number;
  readonly name: string;
  readonly inode: number | undefined;
  /** Folder removed by this change; its former content has left it. */
  readonly emptied?: number | undefined;
}

interface Named {
  readonly name: string;
  readonly inode: number;
}

type Names = Map<number, Map<string, Named>>;

/**
 * Names of a simulated filesystem, as visible now and after a power failure. An operation is kept or lost as a whole,
 * and keeping it keeps earlier ones of its names. Keeping the removal of a folder keeps earlier moves out of it, as on
 * ext4, XFS and btrfs. There is no other order.
 */
export class DurableNames {
  readonly #key: (name: string) => string;
  #seen: Names = new Map();
  #durable: Names = new Map();
  #pending: (readonly Change[])[] = [];
  /** Operations of a person. A power failure keeps them in an order that leaves no item without a name. */
  readonly #persons = new Set<readonly Change[]>();

  /** @param key names with the same key are equal, as on a case-folding filesystem */
  constructor(key: (name: string) => string) {
    this.#key = key;
  }

  find(folder: number, name: string): Named | undefined {
    return this.#seen.get(folder)?.get(this.#key(name));
  }

  inFolder(folder: number): readonly Named[] {
    return [...(this.#seen.get(folder)?.values() ?? [])];
  }

  linksOf(inode: number): number {
    let links = 0;
    for (const names of this.#seen.values()) for (const named of names.values()) if (named.inode === inode) links += 1;
    return links;
  }

  /**
   * @param isDurable also makes the names of its folders durable. No filesystem keeps a rename into a folder and loses
   * the creation of that folder. ext4 and XFS write metadata to one journal in order. btrfs commits a tree as a whole
   * and logs new parent folders with an fsync. f2fs makes a checkpoint instead. Losing both is possible: then the item
   * is found at its old place.
   */
  do(changes: readonly Change[], isPersons: boolean, isDurable: boolean): void {
    for (const change of changes) this.#apply(this.#seen, change);
    this.#pending.push(changes);
    if (isPersons) this.#persons.add(changes);
    if (!isDurable) return;
    const above = this.#foldersAbove(changes.map(({ folder }) => folder));
    this.#settle(
      (operation) => operation === changes || operation.some(({ inode }) => inode !== undefined && above.has(inode)),
    );
  }

  /** Returns items with new names of a person that a power failure may undo. */
  inodesInDoubt(): ReadonlySet<number> {
    const done = this.#pending.filter((changes) => this.#persons.has(changes)).flat();
    return new Set(done.flatMap(({ inode }) => inode ?? []));
  }

  /** Returns items that may have a name after a power failure. */
  inodesLasting(): ReadonlySet<number> {
    const durable = [...this.#durable.values()].flatMap((names) => [...names.values()].map(({ inode }) => inode));
    const pending = this.#pending.flatMap((changes) => changes.flatMap(({ inode }) => inode ?? []));
    return new Set([...durable, ...pending]);
  }

  syncFolder(folder: number): void {
    this.#settle((operation) => operation.some((change) => change.folder === folder));
  }

  syncAll(): void {
    this.#settle(() => true);
  }

  crash(tape: Tape): void {
    this.#settle(() => tape() < 0.5, true);
    this.#pending = [];
    this.#persons.clear();
    this.#seen = new Map([...this.#durable].map(([folder, names]) => [folder, new Map(names)]));
  }

  #foldersAbove(start: readonly number[]): ReadonlySet<number> {
    const above = new Set(start);
    for (const at of above) {
      for (const [folder, names] of this.#seen) {
        if ([...names.values()].some(({ inode }) => inode === at)) above.add(folder);
      }
    }
    return above;
  }

  #settle(isChosen: (operation: readonly Change[]) => boolean, isCrash = false): void {
    const needed = new Set<string>();
    const [named, emptied] = [new Set<number>(), new Set<number>()];
    const leads = ({ folder, inode }: Change): boolean =>
      emptied.has(folder) || (inode !== undefined && named.has(inode));
    const slot = ({ folder, name }: Change): string => `${folder}/${this.#key(name)}`;
    const kept = new Set<readonly Change[]>();
    for (const operation of this.#pending.toReversed()) {
      const isNeeded = operation.some((change) => needed.has(slot(change)) || leads(change));
      if (!isChosen(operation) && !isNeeded) continue;
      kept.add(operation);
      for (const change of operation) {
        needed.add(slot(change));
        if (change.emptied !== undefined) emptied.add(change.emptied);
      }
      if (!this.#persons.has(operation)) continue;
      // The destination of an item from a synced folder is kept, however many new folders are above.
      if (!isCrash && operation.length === 1) continue;
      for (const folder of this.#foldersAbove(operation.map((change) => change.folder))) named.add(folder);
    }
    for (const operation of this.#pending) {
      if (kept.has(operation)) for (const change of operation) this.#apply(this.#durable, change);
    }
    this.#pending = this.#pending.filter((operation) => !kept.has(operation));
  }

  #apply(names: Names, { folder, name, inode }: Change): void {
    const entries = names.get(folder) ?? new Map<string, Named>();
    names.set(folder, entries);
    if (inode === undefined) entries.delete(this.#key(name));
    else entries.set(this.#key(name), { name, inode });
  }
}
