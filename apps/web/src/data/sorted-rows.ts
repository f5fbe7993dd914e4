import type { CompareRows } from "./row-order.ts";
import type { Row } from "./row.ts";

interface Batch {
  /** Ids of rows to remove from the array. */
  readonly removed: Set<string>;
  readonly inserted: Map<string, Row>;
}

/** Sorted rows without equal elements. */
export class SortedRows {
  readonly #compare: CompareRows;
  #rows: Row[];
  #batch: Batch | undefined;

  constructor(compare: CompareRows, rows: Row[] = []) {
    this.#compare = compare;
    this.#rows = rows;
  }

  get length(): number {
    return this.#rows.length;
  }

  at(index: number): Row | undefined {
    return this.#rows[index];
  }

  copy(): SortedRows {
    return new SortedRows(this.#compare, this.#rows.slice());
  }

  /** @returns the row's index, or where to insert it */
  placeOf(row: Row, from = 0): number {
    let low = from;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#rows[middle];
      if (other !== undefined && other !== row && this.#compare(other, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @returns -1 for an absent row */
  indexOf(row: Row): number {
    const index = this.placeOf(row);
    return this.#rows[index]?.id === row.id ? index : -1;
  }

  /** A single change shifts all rows behind it. Do not read positions inside. */
  inOneGo(run: () => void): void {
    this.#batch = { removed: new Set(), inserted: new Map() };
    run();
    const { removed, inserted } = this.#batch;
    this.#batch = undefined;
    if (removed.size > 0) this.#rows = this.#rows.filter(({ id }) => !removed.has(id));
    if (inserted.size > 0) this.#merge([...inserted.values()].toSorted(this.#compare));
  }

  insert(row: Row): void {
    if (this.#batch !== undefined) {
      this.#batch.inserted.set(row.id, row);
      return;
    }
    this.#rows.splice(this.placeOf(row), 0, row);
  }

  remove(row: Row): void {
    if (this.#batch !== undefined) {
      if (!this.#batch.inserted.delete(row.id)) this.#batch.removed.add(row.id);
      return;
    }
    const index = this.indexOf(row);
    if (index >= 0) this.#rows.splice(index, 1);
  }

  /** Both rows have the same sort position. */
  replace(before: Row, after: Row): void {
    if (this.#batch?.inserted.has(before.id) === true) {
      this.#batch.inserted.set(after.id, after);
      return;
    }
    const index = this.indexOf(before);
    if (index >= 0) this.#rows[index] = after;
  }

  #merge(ascending: readonly Row[]): void {
    const merged: Row[] = [];
    let from = 0;
    for (const row of ascending) {
      const to = this.placeOf(row, from);
      for (; from < to; from += 1) merged.push(this.#rows[from] as Row);
      merged.push(row);
    }
    for (; from < this.#rows.length; from += 1) merged.push(this.#rows[from] as Row);
    this.#rows = merged;
  }

  /** @param run ascending; fast if no existing row falls between them */
  insertRun(run: readonly Row[]): void {
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) return;
    const start = this.placeOf(first);
    const next = this.#rows[start];
    if (next !== undefined && this.#compare(last, next) > 0) for (const row of run) this.insert(row);
    else if (next === undefined) for (const row of run) this.#rows.push(row);
    else this.#rows.splice(start, 0, ...run);
  }
}
