import { seededRandom } from "@holdfast/disk/seeded-random";

/** One source of chance. */
export type Tape = () => number;

/** One thing that may happen or not: what it draws comes from a tape of its own, so that leaving it out shifts no other. */
export interface Decision {
  readonly key: string;
  readonly tape: Tape;
}

export function pick<Item>(tape: Tape, items: readonly Item[]): Item | undefined {
  return items[Math.floor(tape() * items.length)];
}

/**
 * All that chance decides in a story. Every purpose has a tape of its own and every act and every fault a key, so that a
 * story can be told again without some of them while all else stays, as far as what is left out does not touch it.
 */
export class Chances {
  /** Keys of the acts and faults that came to pass, in their order. */
  readonly happened: string[] = [];
  readonly #seed: number;
  readonly #without: ReadonlySet<string>;
  readonly #tapes = new Map<string, Tape>();
  readonly #counts = new Map<string, number>();

  constructor(seed: number, without: Iterable<string> = []) {
    this.#seed = seed;
    this.#without = new Set(without);
  }

  tape(purpose: string): Tape {
    const known = this.#tapes.get(purpose);
    if (known !== undefined) return known;
    const tape = this.#fresh(purpose);
    this.#tapes.set(purpose, tape);
    return tape;
  }

  /** The next one of its kind. */
  next(kind: string): Decision {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const key = `${kind} ${count}`;
    return { key, tape: this.#fresh(key) };
  }

  /** Asked of each act and fault that is about to come to pass; false: it is left out. */
  happens(key: string): boolean {
    if (this.#without.has(key)) return false;
    this.happened.push(key);
    return true;
  }

  #fresh(purpose: string): Tape {
    return seededRandom(hashOf(`${this.#seed} ${purpose}`));
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
