export interface Slot {
  readonly folder: number;
  readonly name: string;
}

interface Change extends Slot {
  /** Inode afterwards; undefined: none. */
  readonly inode: number | undefined;
}

type Names = Map<number, Map<string, number>>;

/**
 * Names of a simulated disk, as visible now and as after a power failure.
 *
 * Everything undefined by POSIX is random here. An operation is pending until its folder is synced. A crash keeps or
 * loses each pending operation independently, with two exceptions:
 * - Operations on one name are ordered: keeping one keeps earlier ones of that name.
 * - A rename is kept or lost as a whole, so the file never loses both names by it. Between two folders, syncing the new
 *   name's folder keeps the new name and leaves the removal of the old one pending. Syncing only the old name's folder
 *   promises nothing.
 */
export class SimulatedNames {
  #seen: Names = new Map();
  #durable: Names = new Map();
  /** One change, or two for a rename with the new name first. */
  #pending: (readonly Change[])[] = [];

  find(slot: Slot): number | undefined {
    return this.#seen.get(slot.folder)?.get(slot.name);
  }

  inFolder(folder: number): ReadonlyMap<string, number> {
    return this.#seen.get(folder) ?? new Map<string, number>();
  }

  set(slot: Slot, inode: number): void {
    this.#do([{ ...slot, inode }]);
  }

  remove(slot: Slot): void {
    this.#do([{ ...slot, inode: undefined }]);
  }

  rename(from: Slot, to: Slot, inode: number): void {
    this.#do([
      { ...to, inode },
      { ...from, inode: undefined },
    ]);
  }

  syncFolder(folder: number): void {
    this.#settle((operation) => {
      const [first, second] = operation;
      if (first?.folder !== folder) return 0;
      return second === undefined || second.folder === folder ? 2 : 1;
    });
  }

  syncAll(): void {
    this.#settle(() => 2);
  }

  /** A random number under 0.5 keeps an operation. */
  crash(random: () => number): void {
    this.#settle(() => (random() < 0.5 ? 2 : 0));
    this.#pending = [];
    this.#seen = new Map([...this.#durable].map(([folder, names]) => [folder, new Map(names)]));
  }

  named(): Set<number> {
    const inodes = new Set<number>();
    for (const entries of this.#seen.values()) for (const inode of entries.values()) inodes.add(inode);
    return inodes;
  }

  isNamed(inode: number): boolean {
    const stands = (names: Names): boolean =>
      [...names.values()].some((entries) => [...entries.values()].includes(inode));
    const mayCome = this.#pending.some((operation) => operation.some((change) => change.inode === inode));
    return mayCome || stands(this.#seen) || stands(this.#durable);
  }

  #do(operation: readonly Change[]): void {
    for (const change of operation) apply(this.#seen, change);
    this.#pending.push(operation);
  }

  /**
   * Makes as many changes of each pending operation durable as `choose` returns, with earlier ones of the same names.
   */
  #settle(choose: (operation: readonly Change[]) => number): void {
    const needed = new Set<string>();
    const plan = this.#pending.map((operation) => ({ operation, chosen: choose(operation) }));
    const kept = plan.toReversed().map(({ operation, chosen }) => {
      const [first, second] = operation;
      let count = chosen;
      if (first !== undefined && needed.has(slotKey(first))) count = Math.max(count, 1);
      if (second !== undefined && needed.has(slotKey(second))) count = 2;
      const durable = operation.slice(0, count);
      for (const change of durable) needed.add(slotKey(change));
      return { durable, pending: operation.slice(durable.length) };
    });
    kept.reverse();
    for (const { durable } of kept) for (const change of durable) apply(this.#durable, change);
    this.#pending = kept.map(({ pending }) => pending).filter((pending) => pending.length > 0);
  }
}

function slotKey(slot: Slot): string {
  return `${slot.folder}/${slot.name}`;
}

function apply(names: Names, { folder, name, inode }: Change): void {
  const entries = names.get(folder) ?? new Map<string, number>();
  names.set(folder, entries);
  if (inode === undefined) entries.delete(name);
  else entries.set(name, inode);
}
