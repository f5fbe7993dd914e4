/** Counts character comparisons, so that tests can check the bound. */
export interface Work {
  steps: number;
}

/** Inclusive bounds of a class in UTF-16 units. */
export type Range = readonly [from: string, to: string];

export interface UnitClass {
  readonly isNegated: boolean;
  /** Sorted and disjoint. */
  readonly ranges: readonly Range[];
}

/** One UTF-16 unit itself, the word `any`, or a class. */
export type Unit = string | UnitClass;

/**
 * Stars separate pieces of fixed length: the first at the start, the last at the end, each other at its first possible
 * position, which leaves the most room. Nothing is tried twice.
 */
export class SegmentGlob {
  readonly #pieces: readonly Piece[];
  readonly #lengthMin: number;

  /** @param isFilled matches no empty name */
  constructor(pieces: readonly (readonly Unit[])[], isFilled = false) {
    this.#pieces = pieces.map((units) => new Piece(units));
    const length = pieces.reduce((sum, units) => sum + units.length, 0);
    this.#lengthMin = isFilled ? Math.max(1, length) : length;
  }

  /** Only matching name; undefined: several names match, or the empty one. */
  get onlyName(): string | undefined {
    const [piece, ...others] = this.#pieces;
    return others.length > 0 || piece?.text === "" ? undefined : piece?.text;
  }

  get takesEmpty(): boolean {
    return this.#lengthMin === 0;
  }

  matches(name: string, work: Work): boolean {
    work.steps += 1;
    const [first, ...others] = this.#pieces;
    const last = others.pop();
    if (first === undefined || name.length < this.#lengthMin || !first.isAt(name, 0, work)) return false;
    if (last === undefined) return name.length === first.length;
    const end = name.length - last.length;
    if (!last.isAt(name, end, work)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = piece.find(name, at, end, work);
      if (found === undefined) return false;
      at = found + piece.length;
    }
    return at <= end;
  }
}

class Piece {
  readonly length: number;
  readonly #units: readonly Unit[];
  /** undefined: some units are classes or wildcards */
  readonly text: string | undefined;

  constructor(units: readonly Unit[]) {
    this.#units = units;
    this.length = units.length;
    const text = units.map((unit) => (typeof unit === "string" && unit.length === 1 ? unit : "")).join("");
    this.text = text.length === units.length ? text : undefined;
  }

  isAt(name: string, start: number, work: Work): boolean {
    for (const [index, unit] of this.#units.entries()) {
      work.steps += 1;
      if (!isUnit(unit, name.charAt(start + index), work)) return false;
    }
    return true;
  }

  /** First position that ends at or before `end`. */
  find(name: string, from: number, end: number, work: Work): number | undefined {
    if (this.text !== undefined) {
      const found = name.indexOf(this.text, from);
      work.steps += (found === -1 ? name.length : found + this.length) - from;
      return found === -1 || found + this.length > end ? undefined : found;
    }
    for (let start = from; start + this.length <= end; start += 1) if (this.isAt(name, start, work)) return start;
    return undefined;
  }
}

function isUnit(unit: Unit, char: string, work: Work): boolean {
  if (unit === "any") return true;
  if (typeof unit === "string") return unit === char;
  return unit.isNegated !== isIn(unit.ranges, char, work);
}

function isIn(ranges: readonly Range[], char: string, work: Work): boolean {
  let [start, end] = [0, ranges.length];
  while (start < end) {
    work.steps += 1;
    const middle = (start + end) >> 1;
    const [from, to] = ranges[middle] ?? ["", ""];
    if (char < from) end = middle;
    else if (char > to) start = middle + 1;
    else return true;
  }
  return false;
}
