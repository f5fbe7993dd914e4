import { fc } from "@holdfast/tools/properties";
import { gearV1 } from "./chunker-gear.ts";
import { chunkerV1 } from "./chunker.ts";

const { bytesMin, bytesAverage, bytesMax, maskBelowAverage, maskAboveAverage } = chunkerV1;

export interface CutContent {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
  /** Those of `ends` that are determined by their blocks alone, even if the content continued. */
  readonly named: readonly number[];
}

/** Lengths of blocks, and of a rest that ends with the content (0: none). */
export interface CutPlan {
  readonly blocks: readonly number[];
  readonly rest: number;
}

/** Minimum of a generated block: three bytes end it, and the bytes before them are skipped. */
const madeMin = bytesMin + 3;

/**
 * Creates zeros, which meet no mask. Each block except the rest ends with three bytes that meet the mask for their
 * position. Above the average, they meet only the weaker mask. The same bytes are also placed at the average, where
 * they must not end the block.
 * @param plan each of `blocks` is 256 KiB + 3 to 4 MiB; `rest` is up to 4 MiB
 */
export function contentOf({ blocks, rest }: CutPlan): CutContent {
  const lengths = rest === 0 ? blocks : [...blocks, rest];
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  const ends: number[] = [];
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    // In the part that no hash covers, so that no two blocks are equal.
    bytes[start] = index + 1;
    if (length >= bytesAverage + hashHearsBytes + 3) writeMark(bytes, start, bytesAverage, "weak");
    if (index < blocks.length && length < bytesMax) {
      writeMark(bytes, start, length, length > bytesAverage ? "weak" : "strong");
    }
    start += length;
    ends.push(start);
  }
  return { bytes, ends, named: rest === 0 || rest === bytesMax ? ends : ends.slice(0, -1) };
}

const short = fc.integer({ min: madeMin, max: madeMin + 3000 });

/** Lengths around all limits of the chunker, odd and even, and random ones; and many small blocks. */
export const cutPlans: fc.Arbitrary<CutPlan> = fc.oneof(
  fc.record({
    blocks: fc.array(
      fc.oneof(
        fc.constantFrom(
          madeMin,
          bytesAverage - 1,
          bytesAverage,
          bytesAverage + 1,
          bytesAverage + 2,
          bytesMax - 1,
          bytesMax,
        ),
        fc.integer({ min: bytesAverage - 40, max: bytesAverage + 80 }),
        fc.integer({ min: madeMin, max: 2 * bytesMin }),
        fc.integer({ min: madeMin, max: bytesMax }),
      ),
      { maxLength: 3 },
    ),
    rest: fc.oneof(
      fc.constantFrom(0, 1, bytesMin - 1, bytesMin, bytesMin + 1, 2 * bytesMin, bytesAverage, bytesMax - 1, bytesMax),
      fc.integer({ min: bytesMin, max: bytesMax }),
    ),
  }),
  fc.record({
    blocks: fc.array(fc.oneof(fc.constant(madeMin), short), { maxLength: 4 }),
    rest: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: bytesMin })),
  }),
);

/** Ends of slices: near the cuts and elsewhere, odd and even; ascending, the last at the end of the content. */
export function slicings({ bytes, ends }: CutContent): fc.Arbitrary<number[]> {
  const near = ends.flatMap((end) => [end - 1, end, end + 1]).filter((at) => at > 0 && at < bytes.length);
  const anywhere = fc.integer({ min: 0, max: bytes.length });
  const places = near.length === 0 ? anywhere : fc.oneof(fc.constantFrom(...near), anywhere);
  return fc
    .array(places, { maxLength: 12 })
    .map((drawn) => drawn.concat(bytes.length).toSorted((left, right) => left - right));
}

/** Returns the slices with these ends, each in its own memory. */
export function slicesOf(bytes: Uint8Array, ends: readonly number[]): Uint8Array<ArrayBuffer>[] {
  return ends.map((end, index) => Uint8Array.from(bytes.subarray(ends[index - 1] ?? 0, end)));
}

/** Number of bytes on which a hash depends. */
const hashHearsBytes = 32;

type MarkKind = "strong" | "weak";
const marks = new Map<string, readonly number[]>();

/** Ends with byte `length` of the block: three bytes that meet both masks, or only the one above the average. */
function writeMark(bytes: Uint8Array, start: number, length: number, kind: MarkKind): void {
  const zeros = Math.min(length - madeMin, hashHearsBytes);
  const key = `${kind} ${zeros}`;
  const mark = marks.get(key) ?? findMark(zeros, kind);
  marks.set(key, mark);
  bytes.set(mark, start + length - mark.length);
}

/** @param zeros number of zeros hashed before the mark */
function findMark(zeros: number, kind: MarkKind): readonly number[] {
  const heard = Array.from({ length: zeros }).reduce<number>((hash) => roll(hash, 0), 0);
  for (let number = 0; number < 2 ** 24; number += 1) {
    const [first, second, third] = [number & 0xff, (number >> 8) & 0xff, number >> 16];
    const hashes = [roll(heard, first), roll(roll(heard, first), second)];
    const last = roll(hashes[1] ?? 0, third);
    const isStrong = (last & maskBelowAverage) === 0;
    const isMet = (last & maskAboveAverage) === 0 && isStrong === (kind === "strong");
    if (isMet && hashes.every((hash) => (hash & maskAboveAverage) !== 0)) return [first, second, third];
  }
  throw new Error(`The gear table has no three bytes that end a block behind ${zeros} zeros.`);
}

function roll(hash: number, byte: number): number {
  return ((hash << 1) + (gearV1[byte] ?? 0)) | 0;
}
