interface HeicOptions {
  /** Quarter turns. */
  readonly turns?: number;
  readonly visible?: readonly [width: number, height: number];
  readonly exif?: Buffer;
  /** Construction method: 0 places EXIF after the image data, 1 in the meta box. */
  readonly method?: 0 | 1;
  /** Version of the item locations. With version 2, all other boxes have their long forms. */
  readonly version?: 0 | 1 | 2;
  /** Bytes of each offset and length. 0 is possible only with method 1. */
  readonly fieldBytes?: 0 | 4 | 8;
  readonly imageBytes?: number;
}

const [tileId, mainId, maskId, exifId] = [1, 2, 3, 4];
const empty = Buffer.alloc(0);

/** A photo with a tile that is smaller, and a mask that is larger than the photo. */
export function heicOf(width: number, height: number, options: HeicOptions = {}): Buffer {
  const { exif, method = 0, version = 1, fieldBytes = 4, imageBytes = 100 } = options;
  const payload = exif === undefined ? empty : Buffer.concat([uint(6, 4), Buffer.from("Exif\0\0"), exif]);
  const parts = [uint(0, 4), box("hdlr", Buffer.alloc(20)), ...itemBoxes(version), properties(width, height, options)];
  // Without fields, the item fills its source.
  const before = Buffer.alloc(fieldBytes === 0 ? 0 : 3);
  if (method === 1) parts.push(box("idat", before, payload));
  const metaOf = (base: number, offset: number) =>
    box("meta", ...parts, locations(version, { method, fieldBytes, base, offset, lengthBytes: payload.length }));
  const brand = box("ftyp", Buffer.from("heic\0\0\0\0mif1heic"));
  const free = Buffer.concat([uint(1, 4), Buffer.from("free"), uint(20, 8), uint(0, 4)]);
  const imageAt = brand.length + free.length + metaOf(0, 0).length + 8;
  const meta = method === 0 ? metaOf(imageAt, imageBytes) : metaOf(1, 2);
  return Buffer.concat([brand, free, meta, box("mdat", Buffer.alloc(imageBytes), method === 0 ? payload : empty)]);
}

function itemBoxes(version: number): readonly Buffer[] {
  const isLong = version === 2;
  const id = (value: number) => uint(value, isLong ? 4 : 2);
  const types = [
    [tileId, "hvc1"],
    [mainId, "grid"],
    [maskId, "hvc1"],
    [exifId, "Exif"],
  ] as const;
  const entries = types.map(([item, type]) =>
    fullBox("infe", isLong ? 3 : 2, id(item), uint(0, 2), Buffer.from(`${type}\0`)),
  );
  const list = fullBox("iinf", isLong ? 1 : 0, uint(entries.length, isLong ? 4 : 2), ...entries);
  return [fullBox("pitm", isLong ? 1 : 0, id(mainId)), list];
}

function properties(width: number, height: number, { turns = 0, visible, version }: HeicOptions): Buffer {
  const extent = (across: number, down: number) => fullBox("ispe", 0, uint(across, 4), uint(down, 4));
  const [across, down] = visible ?? [0, 0];
  const crop = [across, 1, down, 1, 0, 1, 0, 1].map((value) => uint(value, 4));
  const list = [
    extent(width / 2, height),
    extent(width * 2, height * 2),
    extent(width, height),
    box("irot", uint(turns, 1)),
    box("clap", ...crop),
  ];
  const isLong = version === 2;
  const numbersOf = new Map([
    [tileId, [1]],
    [mainId, visible === undefined ? [3, 4] : [3, 5, 4]],
    [maskId, [2]],
  ]);
  const entries = Array.from(numbersOf, ([item, numbers]) => [
    uint(item, isLong ? 4 : 2),
    uint(numbers.length, 1),
    ...numbers.map((number) => (isLong ? uint(number + 0x8000, 2) : uint(number + 0x80, 1))),
  ]);
  const head = [uint(isLong ? 1 : 0, 1), uint(isLong ? 1 : 0, 3), uint(entries.length, 4)];
  return box("iprp", box("ipco", ...list), box("ipma", ...head, ...entries.flat()));
}

interface Location {
  readonly method: number;
  readonly fieldBytes: number;
  readonly base: number;
  readonly offset: number;
  readonly lengthBytes: number;
}

function locations(version: number, { method, fieldBytes, base, offset, lengthBytes }: Location): Buffer {
  const isLong = version === 2;
  const field = (value: number) => uint(value, fieldBytes);
  // Version 0 has neither methods nor indexes.
  const index = version === 0 ? empty : field(1);
  const head = (item: number, by: number) =>
    Buffer.concat([uint(item, isLong ? 4 : 2), version === 0 ? empty : uint(by, 2), uint(0, 2)]);
  const piece = Buffer.concat([index, field(0), field(10)]);
  return fullBox(
    "iloc",
    version,
    uint(fieldBytes * 17, 1),
    uint(fieldBytes * (version === 0 ? 16 : 17), 1),
    uint(2, isLong ? 4 : 2),
    head(tileId, 0),
    field(0),
    uint(2, 2),
    piece,
    piece,
    head(exifId, method),
    field(base),
    uint(1, 2),
    index,
    field(offset),
    field(lengthBytes),
  );
}

function fullBox(type: string, version: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, uint(version, 1), uint(0, 3), ...parts);
}

function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([uint(content.length + 8, 4), Buffer.from(type), content]);
}

/** Big-endian. */
function uint(value: number, lengthBytes: number): Buffer {
  const digits = value.toString(16).padStart(16, "0");
  return Buffer.from(digits.slice(16 - 2 * lengthBytes), "hex");
}
