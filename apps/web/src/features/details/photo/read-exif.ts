import { ByteReader } from "./byte-reader.ts";

export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Degrees; north and east are positive. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Exif {
  /** Width and height are exchanged when the image is shown. */
  readonly isTurned: boolean;
  /** Pixels, before the turn. */
  readonly size: Extent | undefined;
  /** Camera's clock, without a time zone: `2026-05-01T12:30:00`. */
  readonly takenAt: string | undefined;
  readonly camera: string | undefined;
  readonly lens: string | undefined;
  readonly exposureSeconds: number | undefined;
  readonly fNumber: number | undefined;
  readonly focalLengthMm: number | undefined;
  readonly iso: number | undefined;
  readonly place: Place | undefined;
}

const tags = {
  make: 0x010f,
  model: 0x0110,
  orientation: 0x0112,
  photoDirectory: 0x8769,
  placeDirectory: 0x8825,
  exposureSeconds: 0x829a,
  fNumber: 0x829d,
  iso: 0x8827,
  takenAt: 0x9003,
  digitizedAt: 0x9004,
  focalLengthMm: 0x920a,
  width: 0xa002,
  height: 0xa003,
  lens: 0xa434,
  latitudeSign: 0x0001,
  latitude: 0x0002,
  longitudeSign: 0x0003,
  longitude: 0x0004,
} as const;

/**
 * Reads three directories of a TIFF structure and follows no other reference, so a malicious file cannot cause a loop.
 * @returns undefined if the bytes are no TIFF structure
 */
export function readExif(bytes: Uint8Array): Exif | undefined {
  const order = new ByteReader(bytes).mark(0, 2);
  const reader = new ByteReader(bytes, order === "II");
  if ((order !== "II" && order !== "MM") || reader.uint16(2) !== 42) return undefined;
  const main = new Directory(reader, reader.uint32(4));
  const photo = new Directory(reader, main.number(tags.photoDirectory));
  const place = new Directory(reader, main.number(tags.placeDirectory));
  const measure = (tag: number) => positive(photo.number(tag));
  return {
    isTurned: main.number(tags.orientation) >= 5 && main.number(tags.orientation) <= 8,
    size: extentOf(photo.number(tags.width), photo.number(tags.height)),
    takenAt: timeOf(photo.text(tags.takenAt)) ?? timeOf(photo.text(tags.digitizedAt)),
    camera: cameraOf(main.text(tags.make), main.text(tags.model)),
    lens: photo.text(tags.lens),
    exposureSeconds: measure(tags.exposureSeconds),
    fNumber: measure(tags.fNumber),
    focalLengthMm: measure(tags.focalLengthMm),
    iso: measure(tags.iso),
    place: placeOf(place),
  };
}

/** @returns undefined unless both are positive whole numbers */
export function extentOf(width: number, height: number): Extent | undefined {
  return [width, height].every((side) => Number.isSafeInteger(side) && side > 0) ? { width, height } : undefined;
}

/** Bytes of a value, by type. */
const typeBytes = new Map([
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 4],
  [5, 8],
  [10, 8],
  // UTF-8, since EXIF 3.0.
  [129, 1],
]);
/** Cameras write fewer than 100. */
const entriesMax = 500;
const textBytesMax = 1000;
const textCharactersMax = 100;

interface Entry {
  readonly type: number;
  readonly count: number;
  readonly start: number;
}

class Directory {
  readonly #reader: ByteReader;
  readonly #entries = new Map<number, Entry>();

  constructor(reader: ByteReader, at: number) {
    this.#reader = reader;
    const count = Math.min(reader.uint16(at), entriesMax);
    for (let index = 0; index < count; index += 1) {
      const place = at + 2 + index * 12;
      const entry = { type: reader.uint16(place + 2), count: reader.uint32(place + 4) };
      const lengthBytes = (typeBytes.get(entry.type) ?? Number.NaN) * entry.count;
      const start = lengthBytes <= 4 ? place + 8 : reader.uint32(place + 8);
      if (start + lengthBytes <= reader.bytes.byteLength) this.#entries.set(reader.uint16(place), { ...entry, start });
    }
  }

  /** @returns NaN if there is none */
  number(tag: number, index = 0): number {
    const entry = this.#entries.get(tag);
    if (entry === undefined || index >= entry.count) return Number.NaN;
    const at = entry.start + index * (typeBytes.get(entry.type) ?? Number.NaN);
    switch (entry.type) {
      case 1:
        return this.#reader.uint8(at);
      case 3:
        return this.#reader.uint16(at);
      case 4:
        return this.#reader.uint32(at);
      case 5:
        return this.#reader.uint32(at) / this.#reader.uint32(at + 4);
      case 10:
        return this.#reader.int32(at) / this.#reader.int32(at + 4);
      default:
        return Number.NaN;
    }
  }

  text(tag: number): string | undefined {
    const entry = this.#entries.get(tag);
    if (entry === undefined || (entry.type !== 2 && entry.type !== 129)) return undefined;
    const end = entry.start + Math.min(entry.count, textBytesMax);
    return cleanText(new TextDecoder().decode(this.#reader.bytes.subarray(entry.start, end)));
  }
}

/** Control characters, line separators, and invisible characters such as those that change the writing direction. */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The author of a file may write anything into it. */
function cleanText(text: string): string | undefined {
  const [content = ""] = text.split("\0", 1);
  return shortened(content.replaceAll(hidden, ""));
}

function shortened(text: string): string | undefined {
  const short = Array.from(text.trim()).slice(0, textCharactersMax).join("").trim();
  return short === "" ? undefined : short;
}

/** Many models begin with the name of their make. */
function cameraOf(make: string | undefined, model: string | undefined): string | undefined {
  if (make === undefined || model === undefined) return make ?? model;
  const [brand = ""] = make.split(" ", 1);
  return model.toLowerCase().startsWith(brand.toLowerCase()) ? model : shortened(`${make} ${model}`);
}

function timeOf(text: string | undefined): string | undefined {
  const found = /^(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d:\d\d:\d\d)/.exec(text ?? "");
  if (found === null) return undefined;
  const [, year = "", month = "", day = "", time = ""] = found;
  const taken = `${year}-${month}-${day}T${time}`;
  return Number.isNaN(Date.parse(taken)) ? undefined : taken;
}

function positive(value: number): number | undefined {
  return value > 0 && value < Number.POSITIVE_INFINITY ? value : undefined;
}

const signs = new Map([
  ["N", 1],
  ["E", 1],
  ["S", -1],
  ["W", -1],
]);

function placeOf(directory: Directory): Place | undefined {
  const degrees = (tag: number, signTag: number) => {
    const sign = signs.get(directory.text(signTag) ?? "") ?? Number.NaN;
    // Some cameras write 0/0 seconds with fractions of minutes.
    const seconds = directory.number(tag, 2) || 0;
    return sign * (directory.number(tag) + directory.number(tag, 1) / 60 + seconds / 3600);
  };
  const latitude = degrees(tags.latitude, tags.latitudeSign);
  const longitude = degrees(tags.longitude, tags.longitudeSign);
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  // Some cameras write zeros before they know the place.
  return isOnEarth && (latitude !== 0 || longitude !== 0) ? { latitude, longitude } : undefined;
}
