import { ByteReader } from "./byte-reader.ts";
import type { ContainerFacts, Span } from "./container-facts.ts";
import { type Extent, extentOf } from "./read-exif.ts";

interface Box extends Span {
  readonly type: string;
}

/** Limits of each list. Photos of phones have about a hundred items, one for each tile. */
const boxesMax = 4096;
const itemsMax = 4096;

const wholeFile: Span = { start: 0, end: Number.POSITIVE_INFINITY };

/**
 * Reads HEIC and AVIF (ISO/IEC 14496-12 and 23008-12). Only boxes of known types are opened, at most four levels deep.
 * @returns undefined for other formats
 */
export function readHeif(bytes: Uint8Array): ContainerFacts | undefined {
  if (new ByteReader(bytes).mark(4, 4) !== "ftyp") return undefined;
  // Version and flags precede the boxes.
  const meta = boxesIn(bytes, find(boxesIn(bytes, wholeFile), "meta"), 4);
  const properties = propertiesOf(bytes, meta, primaryItem(contentOf(bytes, find(meta, "pitm"))));
  return {
    size: sizeOf(bytes, properties),
    // The orientation in EXIF only repeats this one. Mirroring (imir) does not change the dimensions.
    isTurned: contentOf(bytes, find(properties, "irot")).uint8(0) % 2 === 1,
    exifAt: placeOf(contentOf(bytes, find(meta, "iloc")), exifItem(bytes, find(meta, "iinf")), find(meta, "idat")),
    hasTiffOffset: true,
  };
}

/** @returns [] without a parent */
function boxesIn(bytes: Uint8Array, parent: Span | undefined, skippedBytes = 0): readonly Box[] {
  const boxes: Box[] = [];
  if (parent === undefined) return boxes;
  const reader = new ByteReader(bytes);
  let at = parent.start + skippedBytes;
  while (at < parent.end && boxes.length < boxesMax) {
    const shortLength = reader.uint32(at);
    const headBytes = shortLength === 1 ? 16 : 8;
    let lengthBytes = shortLength === 1 ? reader.uint(at + 8, 8) : shortLength;
    // The box ends with its parent.
    if (shortLength === 0) lengthBytes = parent.end - at;
    if (!(lengthBytes >= headBytes)) break;
    boxes.push({ type: reader.mark(at + 4, 4), start: at + headBytes, end: Math.min(at + lengthBytes, parent.end) });
    at += lengthBytes;
  }
  return boxes;
}

function find(boxes: readonly Box[], type: string): Box | undefined {
  return boxes.find((each) => each.type === type);
}

/** Reads nothing outside of the box. Empty without a box. */
function contentOf(bytes: Uint8Array, box: Box | undefined): ByteReader {
  return new ByteReader(bytes.subarray(box?.start ?? 0, box?.end ?? 0));
}

function primaryItem(reader: ByteReader): number {
  return reader.uint(4, reader.uint8(0) === 0 ? 2 : 4);
}

/** The other items are tiles, thumbnails and masks, whose dimensions differ. */
function propertiesOf(bytes: Uint8Array, meta: readonly Box[], item: number): readonly Box[] {
  const parts = boxesIn(bytes, find(meta, "iprp"));
  const properties = boxesIn(bytes, find(parts, "ipco"));
  return parts
    .filter(({ type }) => type === "ipma")
    .flatMap((list) => propertyNumbers(contentOf(bytes, list), item))
    .flatMap((number) => properties[number - 1] ?? []);
}

/** @returns numbers from 1; 0 is no property */
function propertyNumbers(reader: ByteReader, item: number): readonly number[] {
  const idBytes = reader.uint8(0) === 0 ? 2 : 4;
  const numberBytes = reader.uint8(3) % 2 === 1 ? 2 : 1;
  // The highest bit marks essential properties.
  const limit = numberBytes === 2 ? 0x8000 : 0x80;
  let at = 8;
  while (at < reader.bytes.length) {
    const start = at + idBytes + 1;
    const count = reader.uint8(start - 1);
    if (reader.uint(at, idBytes) === item)
      return Array.from({ length: count }, (_, index) => reader.uint(start + index * numberBytes, numberBytes) % limit);
    at = start + count * numberBytes;
  }
  return [];
}

/** A clean aperture (clap) is the visible part of an image that was padded to the blocks of its encoder. */
function sizeOf(bytes: Uint8Array, properties: readonly Box[]): Extent | undefined {
  const visible = contentOf(bytes, find(properties, "clap"));
  const whole = contentOf(bytes, find(properties, "ispe"));
  return (
    extentOf(visible.uint32(0) / visible.uint32(4), visible.uint32(8) / visible.uint32(12)) ??
    extentOf(whole.uint32(4), whole.uint32(8))
  );
}

/** @returns NaN if there is none */
function exifItem(bytes: Uint8Array, list: Box | undefined): number {
  const countBytes = contentOf(bytes, list).uint8(0) === 0 ? 2 : 4;
  for (const box of boxesIn(bytes, list, 4 + countBytes)) {
    const entry = contentOf(bytes, box);
    const version = entry.uint8(0);
    const idBytes = version === 2 ? 2 : 4;
    // Earlier versions have no types. Two bytes of protection follow the ID.
    if (box.type === "infe" && version >= 2 && entry.mark(4 + idBytes + 2, 4) === "Exif") return entry.uint(4, idBytes);
  }
  return Number.NaN;
}

/**
 * Finds an item that is in one piece, in this file (construction method 0) or in the meta box (1).
 * @param reader content of iloc
 */
function placeOf(reader: ByteReader, item: number, idat: Span | undefined): Span | undefined {
  const version = reader.uint8(0);
  const [offsetBytes, lengthBytes] = halves(reader.uint8(4));
  const [baseBytes, lastBytes] = halves(reader.uint8(5));
  const indexBytes = version === 0 ? 0 : lastBytes;
  const fields = [offsetBytes, lengthBytes, baseBytes, indexBytes];
  if (!(version <= 2) || !fields.every((each) => [0, 4, 8].includes(each))) return undefined;
  const idBytes = version === 2 ? 4 : 2;
  const methodBytes = version === 0 ? 0 : 2;
  const itemsCount = Math.min(reader.uint(6, idBytes), itemsMax);
  let at = 6 + idBytes;
  for (let index = 0; index < itemsCount && at < reader.bytes.length; index += 1) {
    const sourceAt = at + idBytes + methodBytes;
    const piecesAt = sourceAt + 2 + baseBytes;
    const piecesCount = reader.uint16(piecesAt);
    const offsetAt = piecesAt + 2 + indexBytes;
    if (reader.uint(at, idBytes) === item) {
      const method = reader.uint(at + idBytes, methodBytes) % 16;
      // Any other source is another file.
      if (method > 1 || reader.uint16(sourceAt) !== 0 || piecesCount !== 1) return undefined;
      const offset = reader.uint(sourceAt + 2, baseBytes) + reader.uint(offsetAt, offsetBytes);
      return spanIn(method === 0 ? wholeFile : idat, offset, reader.uint(offsetAt + offsetBytes, lengthBytes));
    }
    at = piecesAt + 2 + piecesCount * (indexBytes + offsetBytes + lengthBytes);
  }
  return undefined;
}

function halves(byte: number): readonly [high: number, low: number] {
  return [Math.floor(byte / 16), byte % 16];
}

/** @param lengthBytes 0: to the end */
function spanIn(source: Span | undefined, offset: number, lengthBytes: number): Span | undefined {
  if (source === undefined) return undefined;
  const start = source.start + offset;
  return { start, end: lengthBytes === 0 ? source.end : Math.min(start + lengthBytes, source.end) };
}
