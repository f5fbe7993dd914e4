type Ratio = readonly [numerator: number, denominator: number];
/** A number is a SHORT, a bigint a LONG. */
type Value = string | number | bigint | readonly Ratio[];
type Tags = Readonly<Record<number, Value>>;

interface Directories {
  readonly main?: Tags;
  readonly photo?: Tags;
  readonly place?: Tags;
}

export function tiffOf({ main = {}, photo = {}, place = {} }: Directories, isLittleEndian = false): Buffer {
  const file = Buffer.alloc(16_384);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const lengthOf = (tags: Tags) => 2 + 12 * Object.keys(tags).length + 4;
  const mainAt = 8;
  const photoAt = mainAt + lengthOf(main) + 2 * 12;
  const placeAt = photoAt + lengthOf(photo);
  let end = placeAt + lengthOf(place);
  file.write(isLittleEndian ? "II" : "MM", "latin1");
  view.setUint16(2, 42, isLittleEndian);
  view.setUint32(4, mainAt, isLittleEndian);
  const write = (at: number, tags: Tags) => {
    const entries = Object.entries(tags);
    view.setUint16(at, entries.length, isLittleEndian);
    for (const [index, [tag, value]] of entries.entries()) {
      const entry = at + 2 + 12 * index;
      const { type, count, bytes } = encoded(value, isLittleEndian);
      view.setUint16(entry, Number(tag), isLittleEndian);
      view.setUint16(entry + 2, type, isLittleEndian);
      view.setUint32(entry + 4, count, isLittleEndian);
      if (bytes.length > 4) {
        view.setUint32(entry + 8, end, isLittleEndian);
        file.set(bytes, end);
        end += bytes.length;
      } else file.set(bytes, entry + 8);
    }
  };
  write(mainAt, { ...main, 0x8769: BigInt(photoAt), 0x8825: BigInt(placeAt) });
  write(photoAt, photo);
  write(placeAt, place);
  return file.subarray(0, end);
}

function encoded(value: Value, isLittleEndian: boolean) {
  if (typeof value === "string") {
    const bytes = Buffer.from(`${value}\0`);
    return { type: 2, count: bytes.length, bytes };
  }
  const numbers = typeof value === "object" ? value.flat() : [Number(value)];
  const isShort = typeof value === "number";
  const bytes = Buffer.alloc(numbers.length * (isShort ? 2 : 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [index, each] of numbers.entries()) {
    if (isShort) view.setUint16(index * 2, each, isLittleEndian);
    else view.setUint32(index * 4, each, isLittleEndian);
  }
  if (typeof value === "object") return { type: 5, count: value.length, bytes };
  return { type: isShort ? 3 : 4, count: 1, bytes };
}

export function jpegOf(width: number, height: number, exif?: Buffer): Buffer {
  const frame = Buffer.from([8, height >> 8, height & 0xff, width >> 8, width & 0xff, 0]);
  const marked = exif && Buffer.concat([Buffer.from("Exif\0\0"), exif]);
  const segments = [
    segment(0xe0, Buffer.from("JFIF\0")),
    ...(marked === undefined ? [] : [segment(0xe1, marked)]),
    segment(0xc4, Buffer.alloc(30, 0xff)),
    segment(0xc2, frame),
  ];
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...segments, Buffer.from([0xff, 0xda, 0, 2, 1, 2, 3])]);
}

function segment(marker: number, bytes: Buffer): Buffer {
  const length = bytes.length + 2;
  return Buffer.concat([Buffer.from([0xff, marker, length >> 8, length & 0xff]), bytes]);
}

/** @param imageBytes odd by default, which is padded */
export function webpOf(width: number, height: number, exif: Buffer, imageBytes = 5): Buffer {
  const extended = Buffer.alloc(10);
  extended[0] = 8;
  extended.writeUIntLE(width - 1, 4, 3);
  extended.writeUIntLE(height - 1, 7, 3);
  const chunks = [chunk("VP8X", extended), chunk("VP8 ", Buffer.alloc(imageBytes)), chunk("EXIF", exif)];
  return chunk("RIFF", Buffer.concat([Buffer.from("WEBP"), ...chunks]));
}

export function plainWebpOf(kind: "VP8 " | "VP8L", header: Buffer): Buffer {
  return chunk("RIFF", Buffer.concat([Buffer.from("WEBP"), chunk(kind, header)]));
}

function chunk(kind: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(kind, "latin1");
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes, Buffer.alloc(bytes.length % 2)]);
}
