import type { BlockPlace } from "./block-rows.ts";
import type { PackId } from "./pack-format.ts";

/** Records that one ranged read brings, in ascending order of their offsets. */
export interface PackRange {
  readonly packId: PackId;
  readonly epoch: number;
  readonly start: number;
  readonly end: number;
  readonly places: readonly BlockPlace[];
}

/** What is read, opened and handed on together. Four of them at most are in memory: one handed on and three ahead. */
export const batchBytesMax = 4 * 1024 * 1024;
/** To read over this much costs less than another call to the store. */
const gapBytesMax = 64 * 1024;
const rangeBytesMax = 2 * batchBytesMax;

/** Cuts a list where about `batchBytesMax` stored bytes are reached; something without a place counts nothing. */
export function cutBatches<Item extends { readonly place: BlockPlace | undefined }>(items: readonly Item[]): Item[][] {
  const batches: Item[][] = [];
  let batch: Item[] = [];
  let sizeBytes = 0;
  for (const item of items) {
    const storedSize = item.place?.storedSize ?? 0;
    if (batch.length > 0 && sizeBytes + storedSize > batchBytesMax) {
      batches.push(batch);
      batch = [];
      sizeBytes = 0;
    }
    batch.push(item);
    sizeBytes += storedSize;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Puts neighbours in the same pack together. A place may be given twice and is read once. */
export function planRanges(places: Iterable<BlockPlace>): PackRange[] {
  const distinct = new Map([...places].map((place) => [`${place.packId} ${place.recordIndex}`, place]));
  const sorted = [...distinct.values()].toSorted(
    (left, right) => compareText(left.packId, right.packId) || left.offset - right.offset,
  );
  const ranges: { packId: PackId; epoch: number; start: number; end: number; places: BlockPlace[] }[] = [];
  for (const place of sorted) {
    const { packId, epoch, offset } = place;
    const end = offset + place.storedSize;
    const last = ranges.at(-1);
    const joins = last?.packId === packId && offset - last.end <= gapBytesMax && end - last.start <= rangeBytesMax;
    if (last === undefined || !joins) {
      ranges.push({ packId, epoch, start: offset, end, places: [place] });
    } else {
      last.end = Math.max(last.end, end);
      last.places.push(place);
    }
  }
  return ranges;
}

/**
 * The space's own copy; without one that in the pack that the block before comes from, so that a file of old and new blocks is
 * not read from more packs than it must.
 */
export function choosePlace(copies: readonly BlockPlace[], before: BlockPlace | undefined): BlockPlace | undefined {
  return copies.find(({ isOwn }) => isOwn) ?? copies.find(({ packId }) => packId === before?.packId) ?? copies[0];
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
