import type { BlockPlace } from "../index/block-rows.ts";
import type { PackId } from "../format/pack-format.ts";

export interface PackRange {
  readonly packId: PackId;
  readonly epoch: number;
  readonly start: number;
  readonly end: number;
  readonly places: readonly BlockPlace[];
}

/**
 * Stored bytes that are read, decrypted and yielded together. At most two such batches are in memory: the current one,
 * and one ahead.
 */
export const batchBytesMax = 4 * 1024 * 1024;
/** Maximum decoded bytes, because 4 MB of zstd may contain thousands of blocks. */
const decodedBytesMax = 2 * batchBytesMax;
/** A smaller gap costs less than another request to the store. */
const gapBytesMax = 64 * 1024;
const rangeBytesMax = 2 * batchBytesMax;

interface Planned {
  readonly hash: string;
  readonly place: BlockPlace | undefined;
}

/**
 * Splits a list at about `batchBytesMax` stored bytes, or twice as many decoded ones. Repeated blocks, and those
 * without a place, count nothing.
 * @param plain blocks are decoded
 */
export function cutBatches<Item extends Planned>(items: readonly Item[], plain: boolean): Item[][] {
  const batches: Item[][] = [];
  let [batch, seen, stored, decoded]: [Item[], Set<string>, number, number] = [[], new Set(), 0, 0];
  for (const item of items) {
    const isNew = !seen.has(item.hash);
    const storedBytes = isNew ? (item.place?.storedSize ?? 0) : 0;
    const ownBytes = isNew ? decodedBytes(item.place, plain) : 0;
    if (batch.length > 0 && (stored + storedBytes > batchBytesMax || decoded + ownBytes > decodedBytesMax)) {
      batches.push(batch);
      [batch, seen, stored, decoded] = [[], new Set(), 0, 0];
    }
    batch.push(item);
    seen.add(item.hash);
    stored += storedBytes;
    decoded += ownBytes;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

export function batchBytes(batch: readonly Planned[], plain: boolean): number {
  const distinct = new Map(batch.map(({ hash, place }) => [hash, place]));
  return [...distinct.values()].reduce((sum, place) => sum + (place?.storedSize ?? 0) + decodedBytes(place, plain), 0);
}

/** Blocks that are not decoded need no buffer of their own. */
function decodedBytes(place: BlockPlace | undefined, plain: boolean): number {
  return plain && place?.codec === "zstd" ? place.sizeBytes : 0;
}

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

/** Prefers the space's own copy, then the previous block's pack, to read few packs. */
export function choosePlace(copies: readonly BlockPlace[], before: BlockPlace | undefined): BlockPlace | undefined {
  return copies.find(({ isOwn }) => isOwn) ?? copies.find(({ packId }) => packId === before?.packId) ?? copies[0];
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
