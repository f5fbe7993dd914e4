import type { CompareRows } from "./row-order.ts";
import type { Row } from "./row.ts";
import { SortedRows } from "./sorted-rows.ts";

interface Held {
  readonly rows: SortedRows;
  /** Rows placed differently in the held order than now. Undefined: absent from the held order. */
  readonly before: Map<string, Row | undefined>;
  gapAt: number;
}

/** Positions on the screen: known rows, a gap for unknown ones, and an order that can be held. */
export class FolderShown {
  readonly #compare: CompareRows;
  readonly #rowById = new Map<string, Row>();
  readonly #rows: SortedRows;
  #gapAt = 0;
  #unknownCount = 0;
  /** Undefined: the gap is at the end. */
  #gapEnd: Row | undefined;
  #isHeld = false;
  #isInOneGo = false;
  #held: Held | undefined;

  constructor(compare: CompareRows) {
    this.#compare = compare;
    this.#rows = new SortedRows(compare);
  }

  get total(): number {
    return (this.#held?.rows ?? this.#rows).length + this.#unknownCount;
  }

  get waitingCount(): number {
    return this.#held?.before.size ?? 0;
  }

  ids(): Iterable<string> {
    return this.#rowById.keys();
  }

  rowOf(id: string): Row | undefined {
    return this.#rowById.get(id);
  }

  rowAt(index: number): Row | undefined {
    const { rows, gapAt } = this.#held ?? { rows: this.#rows, gapAt: this.#gapAt };
    if (index >= gapAt && index < gapAt + this.#unknownCount) return undefined;
    const row = rows.at(index < gapAt ? index : index - this.#unknownCount);
    return row === undefined ? undefined : (this.#rowById.get(row.id) ?? row);
  }

  indexOf(id: string): number {
    const { rows, gapAt } = this.#held ?? { rows: this.#rows, gapAt: this.#gapAt };
    const row = this.#held?.before.has(id) === true ? this.#held.before.get(id) : this.#rowById.get(id);
    const place = row === undefined ? -1 : rows.indexOf(row);
    return place >= gapAt ? place + this.#unknownCount : place;
  }

  isGone(id: string): boolean {
    return this.#held?.before.get(id) !== undefined && !this.#rowById.has(id);
  }

  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#held = undefined;
  }

  /** @param unknownCount number of rows in the gap; undefined: unchanged */
  setGap(end: Row | undefined, unknownCount: number | undefined): void {
    this.#gapEnd = end;
    if (unknownCount !== undefined) this.#unknownCount = Math.max(0, unknownCount);
    this.#findGap();
  }

  knowMore(count: number): void {
    this.#unknownCount = Math.max(0, this.#unknownCount - count);
  }

  /** @param run ascending new rows */
  addRun(run: readonly Row[]): void {
    for (const row of run) this.#rowById.set(row.id, row);
    this.#rows.insertRun(run);
    if (this.#held !== undefined) addToHeld(this.#held, run);
    this.#findGap();
  }

  /** Batches calls of `place`. Do not read positions inside. */
  inOneGo(run: () => void): void {
    this.#isInOneGo = true;
    this.#rows.inOneGo(run);
    this.#isInOneGo = false;
    this.#findGap();
  }

  place(id: string, after: Row | undefined, when: "at_once" | "waits"): void {
    const before = this.#rowById.get(id);
    if (before === after) return;
    const stays = before !== undefined && after !== undefined && this.#compare(before, after) === 0;
    if (!stays && when === "waits" && this.#isHeld) this.#holdBefore(id, before);
    else if (this.#held !== undefined) this.#placeHeld(this.#held, id, before, after);
    if (after === undefined) this.#rowById.delete(id);
    else this.#rowById.set(id, after);
    change(this.#rows, before, after, stays);
    this.#findGap();
  }

  #holdBefore(id: string, before: Row | undefined): void {
    this.#held ??= { rows: this.#rows.copy(), before: new Map(), gapAt: this.#gapAt };
    if (!this.#held.before.has(id)) this.#held.before.set(id, before);
  }

  #placeHeld(held: Held, id: string, before: Row | undefined, after: Row | undefined): void {
    const isOther = held.before.has(id);
    const heldBefore = isOther ? held.before.get(id) : before;
    const stays = heldBefore !== undefined && after !== undefined && this.#compare(heldBefore, after) === 0;
    // The values differ but not the place, and `rowAt` already returns the new values.
    if (isOther && before !== undefined && after !== undefined && this.#compare(before, after) === 0) return;
    held.before.delete(id);
    change(held.rows, heldBefore, after, stays);
  }

  #findGap(): void {
    if (this.#isInOneGo) return;
    const placeIn = (rows: SortedRows): number =>
      this.#gapEnd === undefined ? rows.length : rows.placeOf(this.#gapEnd);
    this.#gapAt = placeIn(this.#rows);
    if (this.#held !== undefined) this.#held.gapAt = placeIn(this.#held.rows);
  }
}

/** Cancels the waiting removal of rows that have come back. */
function addToHeld({ rows, before }: Held, run: readonly Row[]): void {
  for (const { id } of run) {
    const stood = before.get(id);
    if (stood !== undefined) rows.remove(stood);
    before.delete(id);
  }
  rows.insertRun(run);
}

function change(rows: SortedRows, before: Row | undefined, after: Row | undefined, stays: boolean): void {
  if (stays && before !== undefined && after !== undefined) {
    rows.replace(before, after);
    return;
  }
  if (before !== undefined) rows.remove(before);
  if (after !== undefined) rows.insert(after);
}
