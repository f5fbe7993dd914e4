import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { openPackage } from "./office-package.ts";
import { fileOf, packageOf } from "./testing-office.ts";

const MiB = 1024 * 1024;
const rejectsAs = (reason: string, promise: Promise<unknown>, name?: string) =>
  assert.rejects(promise, { message: `office_${reason}` }, name);

test("the parts of a document are found by name, ignoring case", async () => {
  const long = "words ".repeat(100_000);
  const pack = await openPackage(fileOf(packageOf({ "word/Document.xml": long, "[Content_Types].xml": "é" })));
  const [main, types] = [await pack.text("word/document.xml"), await pack.text("[Content_Types].xml")];
  assert.deepEqual([main?.text, main?.isCut], [long, false]);
  assert.deepEqual([types?.text, types?.isCut], ["é", false]);
  assert.equal(main?.elements, types?.elements, "the limit of elements is for all parts");
  assert.deepEqual(await pack.bytes("[content_types].xml"), new Uint8Array(Buffer.from("é")));
  assert.equal(await pack.text("word/styles.xml"), undefined);
});

test("a part that unpacks beyond the limit is rejected or cut, whatever size it declares", async () => {
  const zip = packageOf({ bomb: Buffer.alloc(64 * MiB), small: "small" });
  assert.ok(zip.length < MiB, "64 MiB of zeros are packed");
  // The declared size in the directory.
  zip.writeUInt32LE(5, zip.indexOf("PK\u0001\u0002") + 24);
  const limits = { partBytesMax: MiB, unpackedBytesMax: 3 * MiB };
  const pack = await openPackage(fileOf(zip), limits);
  await rejectsAs("large", pack.text("bomb"));
  await rejectsAs("large", pack.bytes("bomb"));
  const cut = await pack.text("bomb", true);
  assert.deepEqual([cut?.text.length, cut?.isCut], [MiB, true]);
  await rejectsAs("large", pack.text("small"), "the sum of all parts has a limit too");
});

test("damaged packages are rejected", async () => {
  const zip = packageOf({ a: "some words" });
  const directory = zip.indexOf("PK\u0001\u0002");
  const changed = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(zip);
    change(copy);
    return copy;
  };
  for (const [name, bytes] of [
    ["no zip", Buffer.from("no zip at all")],
    ["empty", Buffer.alloc(0)],
    ["torn", zip.subarray(0, -5)],
    ["torn content", changed((copy) => copy.fill(0xff, 31, 36))],
    ["no local header", changed((copy) => copy.writeUInt32LE(0, 0))],
    ["local header beyond the end", changed((copy) => copy.writeUInt32LE(0x7fff_ffff, directory + 42))],
    ["content beyond the end", changed((copy) => copy.writeUInt32LE(0x7fff_ffff, directory + 20))],
    ["unknown method", changed((copy) => copy.writeUInt16LE(99, directory + 10))],
  ] as const) {
    const read = async () => (await openPackage(fileOf(bytes))).text("a");
    await rejectsAs("damaged", read(), name);
  }
});

test("a document with a password is reported as encrypted, and an older format as damaged", async () => {
  const compound = Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(504)]);
  await rejectsAs("damaged", openPackage(fileOf(compound)));
  const encrypted = Buffer.concat([compound, Buffer.from("EncryptedPackage", "utf16le")]);
  await rejectsAs("encrypted", openPackage(fileOf(encrypted)));
  const zip = packageOf({ a: "words" });
  zip.writeUInt16LE(1, zip.indexOf("PK\u0001\u0002") + 8);
  const pack = await openPackage(fileOf(zip));
  await rejectsAs("encrypted", pack.text("a"));
});

test(`any changed bytes in a package yield parts or an error (HOLDFAST_SEED=${seed} replays)`, async () => {
  const base = packageOf({ "a/b": "some words ".repeat(20), c: "more" });
  const change = fc.tuple(fc.nat({ max: base.length - 1 }), fc.constantFrom(0, 1, 8, 0x50, 0x7f, 0x80, 0xff));
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
    const zip = Buffer.from(base);
    for (const [at, value] of changes) zip[at] = value;
    try {
      const pack = await openPackage(fileOf(zip), { partBytesMax: 1000, unpackedBytesMax: 1500 });
      for (const path of ["a/b", "c"]) assert.ok(((await pack.text(path, true))?.text.length ?? 0) <= 1000);
    } catch (error) {
      assert.match(error instanceof Error ? error.message : "", /^office_(damaged|encrypted)$/);
    }
  });
  await fc.assert(property, { numRuns: 500 });
});
