import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { drawPicture } from "../../../testing/draw-picture.ts";
import type { Span } from "./container-facts.ts";
import { readExif } from "./read-exif.ts";
import { exifBytesMax, photoBytesMax, readPhoto } from "./read-photo.ts";
import { heicOf } from "./testing-heic.ts";
import { jpegOf, plainWebpOf, tiffOf, webpOf } from "./testing-photos.ts";

const north = [
  [52, 1],
  [30, 1],
  [0, 1],
] as const;
const west = [
  [13, 1],
  [900, 60],
  [0, 1],
] as const;
const directories = {
  main: { 0x010f: "FUJIFILM", 0x0110: "X-T5", 0x0112: 6 },
  photo: {
    0x829a: [[1, 120]],
    0x829d: [[18, 10]],
    0x8827: 400,
    0x9003: "2026:05:01 12:30:00",
    0x920a: [[24, 1]],
    0xa434: "XF18mmF1.4 R",
  },
  place: { 1: "N", 2: north, 3: "W", 4: west },
} as const;
const known = {
  isTurned: true,
  size: undefined,
  takenAt: "2026-05-01T12:30:00",
  camera: "FUJIFILM X-T5",
  lens: "XF18mmF1.4 R",
  exposureSeconds: 1 / 120,
  fNumber: 1.8,
  focalLengthMm: 24,
  iso: 400,
  place: { latitude: 52.5, longitude: -13.25 },
};
const exif = tiffOf(directories);

test("EXIF is read in both byte orders", () => {
  assert.deepEqual(readExif(exif), known);
  assert.deepEqual(readExif(tiffOf(directories, true)), known);
});

test("JPEG, PNG and WebP yield displayed dimensions and EXIF", async () => {
  for (const file of [jpegOf(400, 300, exif), drawPicture(400, 300, exif), webpOf(400, 300, exif)])
    assert.deepEqual(await photoOf(file), { size: { width: 300, height: 400 }, exif: known });
  assert.deepEqual((await photoOf(webpOf(400, 300, Buffer.concat([Buffer.from("Exif\0\0"), exif]))))?.exif, known);
  assert.deepEqual(await photoOf(jpegOf(400, 300)), { size: { width: 400, height: 300 }, exif: undefined });
});

test("HEIC yields EXIF from the file or meta box, with all offset lengths, and is rotated once", async () => {
  for (const form of [
    { version: 0, method: 0, fieldBytes: 4 },
    { version: 0, method: 0, fieldBytes: 8 },
    { version: 1, method: 0, fieldBytes: 8 },
    { version: 1, method: 1, fieldBytes: 0 },
    { version: 1, method: 1, fieldBytes: 4 },
    { version: 2, method: 0, fieldBytes: 4 },
    { version: 2, method: 1, fieldBytes: 8 },
  ] as const) {
    for (const turns of [0, 1, 2, 3]) {
      const size = turns % 2 === 1 ? { width: 300, height: 400 } : { width: 400, height: 300 };
      const label = JSON.stringify({ ...form, turns });
      assert.deepEqual(await photoOf(heicOf(400, 300, { ...form, turns, exif })), { size, exif: known }, label);
      assert.deepEqual(await photoOf(heicOf(400, 300, { ...form, turns })), { size, exif: undefined }, label);
    }
  }
});

test("padded HEIC yields the dimensions of its visible part", async () => {
  const padded = heicOf(400, 304, { visible: [399, 300], turns: 1 });
  assert.deepEqual((await photoOf(padded))?.size, { width: 300, height: 399 });
});

test("EXIF after the image data is read with one more request of exactly its bytes", async () => {
  const head = { start: 0, end: photoBytesMax };
  const payloadBytes = 4 + 6 + exif.length;
  const heic = heicOf(400, 300, { exif, imageBytes: 300_000 });
  const webp = webpOf(400, 300, exif, 300_001);
  const evenBytes = exif.length + (exif.length % 2);
  for (const [file, start] of [
    [heic, heic.length - payloadBytes],
    [webp, webp.length - evenBytes],
  ] as const) {
    const { photo, spans } = await readFile(file);
    assert.deepEqual(photo?.exif, known);
    assert.deepEqual(spans, [head, { start, end: file.length }]);
    // Without the end of the file, there is nothing to request.
    assert.deepEqual((await readFile(file.subarray(0, start))).spans, [head]);
  }
  const long = heicOf(400, 300, { exif: Buffer.concat([exif, Buffer.alloc(100_000)]), imageBytes: 300_000 });
  const limited = await readFile(long);
  assert.deepEqual(limited.photo?.exif, known);
  assert.deepEqual(
    limited.spans.map(({ start, end }) => end - start),
    [photoBytesMax, exifBytesMax],
  );
});

test("large files with EXIF at the beginning, or without it, are read with one request", async () => {
  const image = Buffer.alloc(300_000);
  for (const file of [
    heicOf(400, 300, { imageBytes: image.length }),
    heicOf(400, 300, { exif, method: 1, imageBytes: image.length }),
    Buffer.concat([jpegOf(400, 300, exif), image]),
    Buffer.concat([drawPicture(400, 300, exif), image]),
    plainWebpOf("VP8L", image),
    image,
  ])
    assert.deepEqual((await readFile(file)).spans, [{ start: 0, end: photoBytesMax }]);
});

test("dimensions are read from every form of WebP, GIF and HEIC", async () => {
  const lossy = Buffer.from([0, 0, 0, 0x9d, 0x01, 0x2a, 0x90, 0x41, 0x2c, 0x81, 0]);
  const lossless = Buffer.alloc(6);
  lossless[0] = 0x2f;
  lossless.writeUInt32LE(399 + 299 * 0x4000, 1);
  const gif = Buffer.concat([Buffer.from("GIF89a"), Buffer.from([0x90, 1, 0x2c, 1])]);
  for (const file of [plainWebpOf("VP8 ", lossy), plainWebpOf("VP8L", lossless), gif, heicOf(400, 300)])
    assert.deepEqual((await photoOf(file))?.size, { width: 400, height: 300 });
});

test("EXIF provides the dimensions of a JPEG whose header is beyond the bytes read", async () => {
  const cut = jpegOf(400, 300, tiffOf({ photo: { 0xa002: 400, 0xa003: 300n } }));
  const frameBytes = 2 + 2 + 6 + 7;
  assert.deepEqual((await photoOf(cut.subarray(0, -frameBytes)))?.size, { width: 400, height: 300 });
});

test("EXIF text becomes one line of at most 100 characters, without control and direction characters", () => {
  const camera = (make: string, model: string) => readExif(tiffOf({ main: { 0x010f: make, 0x0110: model } }))?.camera;
  assert.equal(camera("NIKON CORPORATION", "NIKON D750"), "NIKON D750");
  assert.equal(camera("  Apple ", "iPhone\n\u202E\u2066 15\u200F\u0007"), "Apple iPhone 15");
  assert.equal(camera("Make\0hidden", ""), "Make");
  assert.equal(camera(" \t", "\u202E"), undefined);
  assert.equal(camera("x", "📷".repeat(200)), `x ${"📷".repeat(98)}`);
});

test("impossible times and places are left out", () => {
  const timeOf = (text: string) => readExif(tiffOf({ photo: { 0x9003: text } }))?.takenAt;
  assert.equal(timeOf("2026:05:01 12:30:00"), "2026-05-01T12:30:00");
  for (const text of ["0000:00:00 00:00:00", "    :  :     :  :  ", "2026:13:01 12:30:00", "yesterday"])
    assert.equal(timeOf(text), undefined, text);
  const placeOf = (latitude: readonly (readonly [number, number])[], sign = "N") =>
    readExif(
      tiffOf({
        place: {
          1: sign,
          2: latitude,
          3: "E",
          4: [
            [0, 1],
            [0, 1],
            [0, 1],
          ],
        },
      }),
    )?.place;
  assert.deepEqual(placeOf(north, "S"), { latitude: -52.5, longitude: 0 });
  const withoutSeconds = [
    [52, 1],
    [3075, 100],
    [0, 0],
  ] as const;
  assert.deepEqual(placeOf(withoutSeconds), { latitude: 52.5125, longitude: 0 });
  assert.equal(placeOf(withoutSeconds.with(1, [0, 0])), undefined);
  assert.equal(placeOf(north, "X"), undefined);
  assert.equal(
    placeOf([
      [91, 1],
      [0, 1],
      [0, 1],
    ]),
    undefined,
  );
  assert.equal(
    placeOf([
      [52, 0],
      [0, 1],
      [0, 1],
    ]),
    undefined,
  );
  assert.equal(placeOf([[52, 1]]), undefined);
  assert.equal(
    placeOf([
      [0, 1],
      [0, 1],
      [0, 1],
    ]),
    undefined,
  );
});

test("a directory that refers to itself is read once", () => {
  const loop = tiffOf(directories);
  const pointer = loop.indexOf(Buffer.from("87690004", "hex"));
  loop.writeUInt32BE(8, pointer + 8);
  assert.equal(readExif(loop)?.lens, undefined);
  assert.equal(readExif(loop)?.camera, "FUJIFILM X-T5");
});

const samples = [
  exif,
  tiffOf(directories, true),
  jpegOf(400, 300, exif),
  drawPicture(4, 3, exif),
  webpOf(400, 300, exif),
  heicOf(400, 300, { exif, turns: 1 }),
  heicOf(400, 300, { exif, method: 1, version: 2, fieldBytes: 8, visible: [200, 100] }),
  heicOf(400, 300, { exif, method: 1, fieldBytes: 0 }),
  Buffer.from("GIF89a"),
  Buffer.alloc(0),
];

test(`damaged, cut and random bytes yield facts within bounds, or nothing (HOLDFAST_SEED=${seed} replays)`, async () => {
  const change = fc.tuple(fc.nat({ max: 900 }), fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xfe, 0xff));
  const property = fc.asyncProperty(
    fc.constantFrom(...samples),
    fc.array(change, { maxLength: 8 }),
    fc.nat({ max: 1200 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(40, 600, photoBytesMax),
    async (sample, changes, keptBytes, tail, headBytesMax) => {
      const bytes = Buffer.concat([sample.subarray(0, keptBytes), tail]);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      isWithinBounds((await readFile(bytes, headBytesMax)).photo);
      isWithinBounds({ size: undefined, exif: readExif(bytes) });
    },
  );
  await fc.assert(property, { numRuns: 4000 });
});

test(`any item locations yield EXIF of this file or nothing (HOLDFAST_SEED=${seed} replays)`, async () => {
  const heic = heicOf(400, 300, { exif });
  const at = heic.indexOf("iloc") + 4;
  const byte = fc.oneof(fc.constantFrom(0, 1, 2, 4, 0x44, 0x88, 0xff), fc.nat({ max: 0xff }));
  const property = fc.asyncProperty(
    fc.array(byte, { maxLength: 60 }),
    fc.constantFrom(heic.indexOf("mdat"), photoBytesMax),
    async (content, headBytesMax) => {
      const changed = Buffer.from(heic);
      changed.set(content, at);
      const { photo } = await readFile(changed, headBytesMax);
      isWithinBounds(photo);
      assert.deepEqual(photo?.size, { width: 400, height: 300 });
    },
  );
  await fc.assert(property, { numRuns: 1000 });
});

test("files that contain only headers are read to their end", async () => {
  const emptyBoxes = "0000000866726565";
  const headers = {
    padding: [Buffer.from([0xff, 0xd8]), Buffer.alloc(photoBytesMax, 0xff)],
    segments: [Buffer.from([0xff, 0xd8]), Buffer.from("ffe00002".repeat(photoBytesMax / 4), "hex")],
    chunks: [drawPicture(4, 3).subarray(0, 33), Buffer.alloc(photoBytesMax)],
    boxes: [heicOf(4, 2).subarray(0, 24), Buffer.from(emptyBoxes.repeat(photoBytesMax / 8), "hex")],
    items: filledHeic(["meta", "iinf"], "01000000ffffffff", emptyBoxes),
    locations: filledHeic(["meta", "iloc"], "020000000000ffffffff", "00"),
    properties: filledHeic(["meta", "iprp", "ipco"], "", emptyBoxes),
    propertyNumbers: filledHeic(["meta", "iprp", "ipma"], "00000000ffffffff", "000000"),
    directory: [Buffer.from("MM\0*\0\0\0\x08"), Buffer.alloc(photoBytesMax, 0xff)],
  };
  for (const parts of Object.values(headers)) isWithinBounds(await photoOf(Buffer.concat(parts)));
  isWithinBounds({ size: undefined, exif: readExif(Buffer.concat(headers.directory)) });
});

/** @param types of nested boxes, the last of which is filled with repeated content */
function filledHeic(types: readonly string[], start: string, repeated: string): readonly Buffer[] {
  const heic = heicOf(4, 2, { exif });
  for (const type of types) heic.writeUInt32BE(0x7fffffff, heic.indexOf(type) - 4);
  const content = Buffer.from(repeated.repeat(photoBytesMax / (repeated.length / 2)), "hex");
  return [heic.subarray(0, heic.indexOf(types.at(-1) ?? "") + 4), Buffer.from(start, "hex"), content];
}

async function photoOf(file: Uint8Array) {
  return (await readFile(file)).photo;
}

async function readFile(file: Uint8Array, headBytesMax = photoBytesMax) {
  const spans: Span[] = [];
  const read = (span: Span) => {
    spans.push(span);
    const { start, end } = span;
    assert.ok(start >= 0 && (start < end || file.length === 0) && end <= file.length, JSON.stringify(span));
    assert.ok(end - start <= (spans.length === 1 ? headBytesMax : exifBytesMax), JSON.stringify(span));
    return Promise.resolve(file.subarray(start, end));
  };
  const photo = await readPhoto(file.length, read, headBytesMax);
  assert.ok(spans.length <= 2);
  return { photo, spans };
}

function isWithinBounds(photo: Awaited<ReturnType<typeof readPhoto>>): void {
  for (const value of Object.values(photo?.exif ?? {})) {
    if (typeof value === "string")
      assert.ok(value !== "" && Array.from(value).length <= 100 && !/[\p{Cc}\p{Cf}]/u.test(value), value);
    if (typeof value === "number") assert.ok(Number.isFinite(value) && value > 0);
  }
  const place = photo?.exif?.place;
  if (place !== undefined) assert.ok(Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180);
  for (const side of Object.values(photo?.size ?? {})) assert.ok(Number.isSafeInteger(side) && side > 0);
}
