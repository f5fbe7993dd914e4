import { ByteReader } from "./byte-reader.ts";
import type { ContainerFacts, Span } from "./container-facts.ts";
import { type Exif, type Extent, extentOf, readExif } from "./read-exif.ts";
import { readHeif } from "./read-heif.ts";

interface Photo {
  /** Pixels, as shown. */
  readonly size: Extent | undefined;
  readonly exif: Exif | undefined;
}

/** Most cameras and programs write these facts at the beginning of the file. */
export const photoBytesMax = 256 * 1024;
/** JPEG allows no more. */
export const exifBytesMax = 64 * 1024;

const formats = [readJpeg, readPng, readWebp, readGif, readHeif];

/**
 * Reads EXIF from JPEG, HEIC, AVIF, PNG and WebP, and the dimensions also from GIF. The file may be damaged, malicious
 * or cut. Every loop only moves forward, so it ends.
 * @param read returns the bytes of a span within the file; called at most twice
 * @returns undefined if nothing is known
 */
export async function readPhoto(
  fileBytes: number,
  read: (span: Span) => Promise<Uint8Array>,
  headBytesMax = photoBytesMax,
): Promise<Photo | undefined> {
  const head = await read({ start: 0, end: Math.min(fileBytes, headBytesMax) });
  const found = factsIn(head);
  if (found === undefined) return undefined;
  const { start, end } = spanWithin(fileBytes, found.exifAt);
  const exifBytes = start < end && end > head.length ? await read({ start, end }) : head.subarray(start, end);
  const exif = readExif(tiffIn(exifBytes, found.hasTiffOffset === true));
  const size = found.size ?? exif?.size;
  const isTurned = found.isTurned ?? exif?.isTurned === true;
  return size === undefined && exif === undefined ? undefined : { size: isTurned ? turned(size) : size, exif };
}

function factsIn(head: Uint8Array): ContainerFacts | undefined {
  for (const read of formats) {
    const found = read(head);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @returns an empty span if there is none in the file */
function spanWithin(fileBytes: number, { start, end }: Span = { start: 0, end: 0 }): Span {
  return { start, end: Math.min(end, start + exifBytesMax, fileBytes) };
}

/** The mark is required in JPEG, and some programs write it in other formats too. */
function tiffIn(bytes: Uint8Array, hasOffset: boolean): Uint8Array {
  const reader = new ByteReader(hasOffset ? bytes.subarray(4 + new ByteReader(bytes).uint32(0)) : bytes);
  return reader.mark(0, exifMark.length) === exifMark ? reader.bytes.subarray(exifMark.length) : reader.bytes;
}

function turned(size: Extent | undefined): Extent | undefined {
  return size && { width: size.height, height: size.width };
}

const exifMark = "Exif\0\0";

function readJpeg(bytes: Uint8Array): ContainerFacts | undefined {
  const reader = new ByteReader(bytes);
  if (reader.uint16(0) !== 0xffd8) return undefined;
  let size: Extent | undefined;
  let exifAt: Span | undefined;
  let at = 2;
  while (reader.uint8(at) === 0xff) {
    const marker = reader.uint8(at + 1);
    const lengthBytes = reader.uint16(at + 2);
    if (marker === 0xff) {
      // Padding.
      at += 1;
      continue;
    }
    // The image data follows. Otherwise the length includes its own two bytes.
    if (marker === 0xda || !(lengthBytes >= 2)) break;
    if (isFrameHeader(marker)) size ??= extentOf(reader.uint16(at + 7), reader.uint16(at + 5));
    if (marker === 0xe1 && reader.mark(at + 4, exifMark.length) === exifMark)
      exifAt ??= { start: at + 4, end: at + 2 + lengthBytes };
    at += 2 + lengthBytes;
  }
  return { size, exifAt };
}

/** The other markers of this range are tables. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** EXIF after the image data of a large file is not found, because no chunk at the beginning announces it. */
function readPng(bytes: Uint8Array): ContainerFacts | undefined {
  const reader = new ByteReader(bytes);
  if (reader.mark(0, 8) !== "\x89PNG\r\n\x1A\n" || reader.mark(12, 4) !== "IHDR") return undefined;
  let exifAt: Span | undefined;
  for (let at = 8; at < bytes.length; at += 12 + reader.uint32(at))
    if (reader.mark(at + 4, 4) === "eXIf") exifAt ??= { start: at + 8, end: at + 8 + reader.uint32(at) };
  return { size: extentOf(reader.uint32(16), reader.uint32(20)), exifAt };
}

function readWebp(bytes: Uint8Array): ContainerFacts | undefined {
  const reader = new ByteReader(bytes, true);
  if (reader.mark(0, 4) !== "RIFF" || reader.mark(8, 4) !== "WEBP") return undefined;
  let size: Extent | undefined;
  let exifAt: Span | undefined;
  let hasExif = false;
  let kind = "";
  let at = 12;
  while (at + 8 <= bytes.length) {
    const [start, lengthBytes] = [at + 8, reader.uint32(at + 4)];
    kind = reader.mark(at, 4);
    size ??= webpExtents.get(kind)?.(reader, start);
    if (kind === "VP8X") hasExif = Math.floor(reader.uint8(start) / 8) % 2 === 1;
    if (kind === "EXIF") exifAt ??= { start, end: start + lengthBytes };
    // Lengths are padded to even numbers.
    at = start + lengthBytes + (lengthBytes % 2);
  }
  // The image data ends beyond the bytes that were read, and EXIF is the next chunk.
  if (hasExif && /^VP8[ L]$/.test(kind)) exifAt ??= { start: at + 8, end: Number.POSITIVE_INFINITY };
  return { size, exifAt };
}

/** Reads the dimensions, by chunk name. */
const webpExtents = new Map<string, (reader: ByteReader, at: number) => Extent | undefined>([
  [
    "VP8X",
    (reader, at) => {
      const side = (from: number) => reader.uint16(from) + reader.uint8(from + 2) * 0x10000 + 1;
      return extentOf(side(at + 4), side(at + 7));
    },
  ],
  // The upper two bits are a scale.
  ["VP8 ", (reader, at) => extentOf(reader.uint16(at + 6) % 0x4000, reader.uint16(at + 8) % 0x4000)],
  [
    "VP8L",
    (reader, at) => {
      const bits = reader.uint32(at + 1);
      return extentOf((bits % 0x4000) + 1, (Math.floor(bits / 0x4000) % 0x4000) + 1);
    },
  ],
]);

function readGif(bytes: Uint8Array): ContainerFacts | undefined {
  const reader = new ByteReader(bytes, true);
  return /^GIF8[79]a$/.test(reader.mark(0, 6)) ? { size: extentOf(reader.uint16(6), reader.uint16(8)) } : undefined;
}
