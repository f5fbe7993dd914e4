import { HoldfastError } from "./errors.ts";
import { limits } from "./limits.ts";
import type { ManifestEntry } from "./manifest-segments.ts";

/** Replaces `remove` entries of the base from index `at` on by `insert`. All indexes refer to the base. */
export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly insert: readonly ManifestEntry[];
}

/** @param splices ascending and not overlapping; two may touch  @throws HoldfastError invalid_field, with the splice */
export function applySplices(
  base: readonly ManifestEntry[],
  splices: readonly Splice[],
  field = "splices",
): ManifestEntry[] {
  const pieces: (readonly ManifestEntry[])[] = [];
  let position = 0;
  for (const [index, { at, remove, insert }] of splices.entries()) {
    checkSplice(base.length, position, at, remove, `${field}[${index}]`);
    pieces.push(base.slice(position, at), insert);
    position = at + remove;
  }
  pieces.push(base.slice(position));
  const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (count <= limits.manifestEntriesMax) return pieces.flat();
  throw new HoldfastError("invalid_field", `A file has at most ${limits.manifestEntriesMax} blocks.`, { field });
}

/**
 * Returns splices that change `base` into `next`; few, but not always the fewest. Patience diff (Bram Cohen): entries
 * that occur exactly once in both lists are anchors. The longest ascending chain of anchors is kept, and extended by
 * equal neighbors.
 */
export function diffSplices(base: readonly ManifestEntry[], next: readonly ManifestEntry[]): Splice[] {
  const splices: Splice[] = [];
  let basePosition = 0;
  let nextPosition = 0;
  for (const run of [...equalRuns(base, next), { base: base.length, next: next.length, count: 0 }]) {
    const remove = run.base - basePosition;
    const insert = next.slice(nextPosition, run.next);
    if (remove > 0 || insert.length > 0) splices.push({ at: basePosition, remove, insert });
    basePosition = run.base + run.count;
    nextPosition = run.next + run.count;
  }
  return splices;
}

/** `count` entries from `base` on in one list equal those from `next` on in the other. */
interface Run {
  base: number;
  next: number;
  count: number;
}

interface Anchor {
  readonly base: number;
  readonly next: number;
}

function checkSplice(baseCount: number, position: number, at: number, remove: number, field: string): void {
  if (!Number.isInteger(at) || at < position) {
    const message = `Splices must be in ascending order without overlap: this one starts at ${at}, the previous one ends at ${position}.`;
    throw new HoldfastError("invalid_field", message, { field: `${field}.at` });
  }
  if (!Number.isInteger(remove) || remove < 0 || at + remove > baseCount) {
    const message = `The base has ${baseCount} entries; ${remove} cannot be removed at ${at}.`;
    throw new HoldfastError("invalid_field", message, { field: `${field}.remove` });
  }
}

function equalRuns(base: readonly ManifestEntry[], next: readonly ManifestEntry[]): Run[] {
  const runs: Run[] = [];
  const ends = { base: base.length, next: next.length };
  const anchors: Anchor[] = [{ base: 0, next: 0 }, ...longestChain(sharedOnce(base, next)), ends];
  let previous = { base: 0, next: 0 };
  for (const anchor of anchors) {
    // The anchor is inside the previous run. Growing it again would make a long equal run quadratic.
    if (anchor.base < previous.base || anchor.next < previous.next) continue;
    const run = grow(base, next, anchor, previous);
    previous = { base: run.base + run.count, next: run.next + run.count };
    if (run.count > 0) runs.push(run);
  }
  return runs;
}

/** Returns the run of equal entries around an anchor, not before `floor`. */
function grow(base: readonly ManifestEntry[], next: readonly ManifestEntry[], anchor: Anchor, floor: Anchor): Run {
  let before = 0;
  const beforeMax = Math.min(anchor.base - floor.base, anchor.next - floor.next);
  while (before < beforeMax && same(base[anchor.base - before - 1], next[anchor.next - before - 1])) before += 1;
  let after = 0;
  while (same(base[anchor.base + after], next[anchor.next + after])) after += 1;
  return { base: anchor.base - before, next: anchor.next - before, count: before + after };
}

function same(left: ManifestEntry | undefined, right: ManifestEntry | undefined): boolean {
  return left !== undefined && right !== undefined && left.hash === right.hash && left.size === right.size;
}

/** Returns the positions of hashes that occur exactly once in each list, in the order of `next`. */
function sharedOnce(base: readonly ManifestEntry[], next: readonly ManifestEntry[]): Anchor[] {
  const places = onceIn(base);
  const anchors: Anchor[] = [];
  for (const [hash, index] of onceIn(next)) {
    const place = places.get(hash);
    if (place !== undefined && same(base[place], next[index])) anchors.push({ base: place, next: index });
  }
  return anchors;
}

function onceIn(entries: readonly ManifestEntry[]): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [index, { hash }] of entries.entries()) {
    if (places.has(hash)) repeated.add(hash);
    places.set(hash, index);
  }
  for (const hash of repeated) places.delete(hash);
  return places;
}

/**
 * Returns the longest subsequence that ascends in `base` (patience sorting: piles by binary search, then back-links).
 */
function longestChain(anchors: readonly Anchor[]): Anchor[] {
  const piles: number[] = [];
  const links = new Int32Array(anchors.length).fill(-1);
  for (const [index, anchor] of anchors.entries()) {
    const pile = pileFor(anchors, piles, anchor.base);
    links[index] = pile === 0 ? -1 : (piles[pile - 1] ?? -1);
    piles[pile] = index;
  }
  const chain: Anchor[] = [];
  for (let index = piles.at(-1) ?? -1; index >= 0; index = links[index] ?? -1) {
    const anchor = anchors[index];
    if (anchor !== undefined) chain.push(anchor);
  }
  return chain.toReversed();
}

function pileFor(anchors: readonly Anchor[], piles: readonly number[], base: number): number {
  let low = 0;
  let high = piles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const top = anchors[piles[middle] ?? 0];
    if (top !== undefined && top.base < base) low = middle + 1;
    else high = middle;
  }
  return low;
}
