import { seededRandom } from "@holdfast/disk/seeded-random";

export type Tape = () => number;

/** A possible event. Its random numbers come from a separate tape, so omitting it shifts no other event. */
export interface Decision {
  readonly key: string;
  readonly tape: Tape;
}

export function pick<Item>(tape: Tape, items: readonly Item[]): Item | undefined {
  return items[Math.floor(tape() * items.length)];
}

/**
 * All random decisions of a story. Each purpose has its own tape, and each act and fault a key. A story can therefore
 * be repeated without some of them, while everything unrelated stays the same.
 */
export class Chances {
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

  next(kind: string): Decision {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const key = `${kind} ${count}`;
    return { key, tape: this.#fresh(key) };
  }

  /** Records an act or fault that is about to happen; false: it is left out. */
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
