import assert from "node:assert/strict";
import { test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { readerOf, zipOf } from "./testing-zip.ts";
import { entriesMax, readZipDirectory } from "./zip-directory.ts";
import { makeZipTree, shownRows } from "./zip-tree.ts";

const read = async (zip: Buffer) => {
  const source = readerOf(zip);
  return { ...(await readZipDirectory(zip.length, source.read)), ...source.facts };
};
const sorted = (nodes: readonly { readonly name: string }[]) =>
  nodes.toSorted((left, right) => (left.name < right.name ? -1 : 1)) as never;

test("a zip is listed from its end, with sizes, times, folders and encrypted files", async () => {
  const zip = zipOf(
    [
      { name: "photos/" },
      { name: "photos/a b.jpg", contentBytes: 1234, stamp: 1_700_000_000 },
      { name: "secret.txt", isEncrypted: true, contentBytes: 5 },
    ],
    { comment: "with a comment", contentBytes: 3_000_000 },
  );
  const { entries, isCut, bytesRead } = await read(zip);
  assert.equal(isCut, false);
  assert.deepEqual(
    entries.map(({ path, contentBytes, isEncrypted }) => [path, contentBytes, isEncrypted]),
    [
      ["photos/", 0, false],
      ["photos/a b.jpg", 1234, false],
      ["secret.txt", 5, true],
    ],
  );
  assert.equal(entries[1]?.changedMs, 1_700_000_000_000);
  assert.equal(entries[2]?.changedMs, new Date(2024, 1, 29, 12, 30, 10).getTime());
  assert.ok(bytesRead < 100_000, `${bytesRead} of ${zip.length} bytes were read`);
});

test("64-bit sizes and directory positions are read", async () => {
  const zip = zipOf([{ name: "large.bin", contentBytes: 6_000_000_000 }], { isFar: true });
  assert.equal((await read(zip)).entries[0]?.contentBytes, 6_000_000_000);
  const behind = Buffer.concat([Buffer.from("#!/bin/sh a program before it"), zip]);
  assert.equal((await read(behind)).entries[0]?.contentBytes, 6_000_000_000);
});

test("a zip after a program, an empty zip, and one with more than 65,535 files are read", async () => {
  const small = zipOf([{ name: "a" }]);
  assert.equal((await read(Buffer.concat([Buffer.alloc(1000, 7), small]))).entries[0]?.path, "a");
  assert.deepEqual((await read(zipOf([]))).entries, []);
  const many = zipOf(Array.from({ length: 70_000 }, (_, index) => ({ name: `folder/${index}` })));
  assert.equal((await read(many)).entries.length, 70_000);
});

test("names are read as UTF-8 where valid, else in the old DOS encoding", async () => {
  const names = [Buffer.from("Grüße"), Buffer.from([0x81, 0x62])];
  const { entries } = await read(zipOf(names.map((name) => ({ name }))));
  assert.deepEqual(
    entries.map(({ path }) => path),
    ["Grüße", "üb"],
  );
});

test("invalid, damaged, split and contradictory zips are rejected with the reason", async () => {
  const zip = zipOf([{ name: "a" }, { name: "b" }]);
  const changed = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(zip);
    change(copy);
    return copy;
  };
  const end = zip.length - 22;
  for (const [name, bytes, reason] of [
    ["nothing", Buffer.alloc(0), "zip_damaged"],
    ["no zip", Buffer.from("PK words"), "zip_damaged"],
    ["torn", zip.subarray(0, -1), "zip_damaged"],
    ["without its list", zip.subarray(end), "zip_damaged"],
    ["a list that is longer", changed((copy) => copy.writeUInt32LE(zip.length, end + 12)), "zip_damaged"],
    ["a list that begins elsewhere", changed((copy) => copy.writeUInt32LE(zip.length, end + 16)), "zip_damaged"],
    ["more entries than there are", changed((copy) => copy.writeUInt16LE(3, end + 10)), "zip_damaged"],
    ["a name beyond the end", changed((copy) => copy.writeUInt16LE(0xffff, end - 47 + 28)), "zip_damaged"],
    ["the last of several", changed((copy) => copy.writeUInt16LE(1, end + 4)), "zip_split"],
  ] as const)
    await assert.rejects(read(bytes), { message: reason }, name);
});

test("a zip with too many entries shows its beginning, after a bounded number of bytes", async () => {
  const many = await read(zipOf(Array.from({ length: entriesMax + 5 }, (_, index) => ({ name: `${index}` }))));
  assert.deepEqual([many.entries.length, many.isCut], [entriesMax, true]);
  const wide = await read(zipOf(Array.from({ length: 1000 }, () => ({ name: Buffer.alloc(0xffff, 0x61) }))));
  assert.equal(wide.isCut, true);
  assert.ok(wide.bytesRead < 36 * 1024 * 1024);
});

/** Failed once, or hostile. */
const planted: readonly Buffer[] = [
  zipOf([{ name: "a".repeat(0xffff) }, { name: "/".repeat(0xffff) }]),
  zipOf([{ name: "a/".repeat(30_000) }, { name: `${"b/".repeat(30_000)}c` }]),
  zipOf([{ name: "../../etc/passwd" }, { name: "a/../b" }, { name: "" }]),
  zipOf([{ name: "a" }, { name: "a/" }, { name: "a/a" }, { name: "__proto__/constructor" }]),
  zipOf([
    { name: "x", contentBytes: Number.MAX_SAFE_INTEGER },
    { name: "y", contentBytes: Number.MAX_SAFE_INTEGER },
  ]),
];

test("planted malformed zips yield a list or an error, and each file one place in the tree", async () => {
  for (const [index, zip] of planted.entries()) await holds(zip, `planted ${index}`);
});

test(`any changed bytes in a zip yield a list or an error (HOLDFAST_SEED=${seed} replays)`, async () => {
  const base = zipOf(
    [
      { name: "a/b", contentBytes: 9e9 },
      { name: "c", stamp: 5 },
    ],
    { isFar: true, comment: "PK" },
  );
  const change = fc.tuple(fc.nat({ max: base.length - 1 }), fc.constantFrom(0, 1, 0x50, 0x7f, 0x80, 0xfe, 0xff));
  const property = fc.asyncProperty(
    fc.array(change, { minLength: 1, maxLength: 6 }),
    fc.nat(40),
    async (changes, cut) => {
      const zip = Buffer.from(base);
      for (const [at, value] of changes) zip[at] = value;
      await holds(zip.subarray(0, cut < 5 ? zip.length - cut : undefined), "changed");
    },
  );
  await fc.assert(property, { numRuns: 3000 });
});

async function holds(zip: Buffer, name: string): Promise<void> {
  try {
    const { entries, requests } = await read(zip);
    assert.ok(requests < 60, `${name}: ${requests} requests`);
    const { top, filesCount, contentBytes } = makeZipTree(entries);
    const open = new Set(allFolders(top));
    const rows = shownRows(top, open, sorted);
    assert.equal(rows.filter(({ children }) => children === undefined).length, filesCount, name);
    assert.ok(Number.isSafeInteger(contentBytes), name);
    for (const { depth } of rows) assert.ok(depth <= 64, name);
  } catch (error) {
    assert.ok(error instanceof Error && /^zip_(damaged|split)$/.test(error.message), `${name}: ${String(error)}`);
  }
}

function allFolders(top: ReturnType<typeof makeZipTree>["top"]) {
  const folders = [...top];
  for (const { children } of folders) for (const child of children ?? []) folders.push(child);
  return folders;
}
