import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { HoldfastError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import { limits } from "./limits.ts";
import {
  applySplices,
  contentIdOf,
  contentIdOfSegments,
  decodeSegment,
  diffSplices,
  encodeEntries,
  segmentsOf,
  sizeOf,
  validateManifest,
} from "./manifest.ts";
import type { ManifestEntry, Splice } from "./manifest.ts";

/** Entry for a number; few numbers make many equal entries. */
function entryOf(number: number): ManifestEntry {
  return { hash: sha256(new TextEncoder().encode(String(number))), size: 1 + (number % limits.blockBytesMax) };
}

function entriesOf(count: number, first = 0): ManifestEntry[] {
  return Array.from({ length: count }, (_, index) => entryOf(first + index));
}

const lists = fc.array(fc.integer({ min: 0, max: 40 }).map(entryOf), { maxLength: 60 });

function refusedAs(code: string, field?: string): (thrown: unknown) => boolean {
  return (thrown) =>
    thrown instanceof HoldfastError && thrown.code === code && (field === undefined || thrown.field === field);
}

test("the content IDs of docs/format.md are as documented", () => {
  assert.equal(contentIdOf([]), "baa9e1ae5fd41aa472d8f6a9d4064fd81b4b77863e80b9b8cb55b67f0588c783");
  assert.equal(
    contentIdOf([entryOf(1), entryOf(2)]),
    "c6e23c07d9d322323dd37765fe3297f8778cc42dcfe6267f9dc110fc16f65503",
  );
  assert.equal(contentIdOf(entriesOf(600)), "7f3c78fc4dd9e47e2e32ff00792255802892d4d16db9f423de40ffe5802d700b");
});

test("different lists have different content IDs", () => {
  fc.assert(
    fc.property(lists, lists, (left, right) => {
      const equal = JSON.stringify(left) === JSON.stringify(right);
      assert.equal(contentIdOf(left) === contentIdOf(right), equal);
    }),
  );
});

test("a long list has the same content ID by its segments", () => {
  const entries = entriesOf(3000);
  const segments = segmentsOf(entries).map(({ hash, count, sizeBytes }) => ({ hash, count, sizeBytes }));
  assert.equal(contentIdOfSegments(segments), contentIdOf(entries));
});

test("segments cover a list, respect their length limits and decode to their entries", () => {
  const entries = entriesOf(30_000);
  const segments = segmentsOf(entries);
  const decoded = segments.flatMap(({ start, count }) =>
    decodeSegment(encodeEntries(entries.slice(start, start + count))),
  );
  assert.deepEqual(decoded, entries);
  for (const { count } of segments.slice(0, -1)) {
    assert.ok(count >= limits.segmentEntriesMin && count <= limits.segmentEntriesMax);
  }
  const average = entries.length / segments.length;
  assert.ok(average > 200 && average < 320, `the average is ${average}`);
  assert.equal(
    segments.reduce((sum, segment) => sum + segment.sizeBytes, 0),
    sizeOf(entries),
  );
});

test("a small edit creates few new segments", () => {
  const entries = entriesOf(12_000);
  const before = new Set(segmentsOf(entries).map(({ hash }) => hash));
  const edit = fc.record({ at: fc.nat(12_000), remove: fc.nat(3), insert: fc.nat(3) });
  fc.assert(
    fc.property(edit, ({ at, remove, insert }) => {
      const edited = entries.toSpliced(at, remove, ...entriesOf(insert, 1_000_000 + at));
      const added = segmentsOf(edited).filter(({ hash }) => !before.has(hash));
      assert.ok(added.length <= 8, `${added.length} segments are new`);
    }),
    { numRuns: 25 },
  );
});

test("any bytes decode to the entries that encode to them, or are rejected as damaged", () => {
  const tail = fc.constantFrom([0, 0, 0, 1], [0, 0x40, 0, 0], [0, 0x40, 0, 1], [0, 0, 0, 0]);
  const entry = fc
    .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), tail)
    .map(([hash, size]) => Buffer.concat([hash, Buffer.from(size)]));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(entry, { maxLength: 5 }).map((parts) => Uint8Array.from(Buffer.concat(parts))),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        assert.deepEqual(encodeEntries(decodeSegment(input)), input);
      } catch (thrown) {
        if (!refusedAs("damaged")(thrown)) throw thrown;
      }
    }),
  );
  assert.throws(() => decodeSegment(encodeEntries(entriesOf(1025))), refusedAs("damaged"));
  assert.equal(decodeSegment(encodeEntries(entriesOf(1024))).length, 1024);
});

test("a manifest that is invalid for any file is rejected", () => {
  const [entry] = entriesOf(1, 5);
  assert.ok(entry !== undefined);
  validateManifest([], 0);
  validateManifest([entry], entry.size);
  assert.throws(() => validateManifest([entry], entry.size + 1), refusedAs("invalid_field", "blocks"));
  assert.throws(() => validateManifest([], -1), refusedAs("invalid_field", "size"));
  assert.throws(() => validateManifest([], limits.fileBytesMax + 1), refusedAs("invalid_field", "size"));
  for (const size of [0, -1, 1.5, Number.NaN, limits.blockBytesMax + 1]) {
    const entries = [entry, { ...entry, size }];
    assert.throws(() => validateManifest(entries, 10), refusedAs("invalid_field", "blocks[1].size"));
  }
});

test("the splices between two lists turn one into the other", () => {
  fc.assert(
    fc.property(lists, lists, (base, next) => {
      assert.deepEqual(applySplices(base, diffSplices(base, next)), next);
      assert.deepEqual(diffSplices(base, base), []);
    }),
    { numRuns: 500 },
  );
});

test("two small edits and a moved block of a long list are a few small splices", () => {
  const base = entriesOf(5000);
  const next = base.toSpliced(100, 1, entryOf(9001)).toSpliced(4000, 2, entryOf(9002)).toSpliced(10, 0, entryOf(2500));
  const splices = diffSplices(base, next);
  assert.deepEqual(applySplices(base, splices), next);
  assert.ok(splices.length <= 4, `${splices.length} splices`);
  assert.ok(splices.flatMap(({ insert }) => insert).length <= 4);
});

test("equal entries on both sides of a unique one join its match", () => {
  const [zeros, unique, added] = [entryOf(0), entryOf(1), entryOf(2)];
  const base = [zeros, zeros, unique, zeros, zeros];
  assert.deepEqual(diffSplices(base, [added, ...base, added]), [
    { at: 0, remove: 0, insert: [added] },
    { at: 5, remove: 0, insert: [added] },
  ]);
});

test("splices are rejected unless they ascend, do not touch and stay within the base", () => {
  const base = entriesOf(10);
  const refused: [Splice[], string][] = [
    [[{ at: 11, remove: 0, insert: [] }], "splices[0].remove"],
    [[{ at: 9, remove: 2, insert: [] }], "splices[0].remove"],
    [[{ at: 1, remove: -1, insert: [] }], "splices[0].remove"],
    [[{ at: -1, remove: 0, insert: [] }], "splices[0].at"],
    [[{ at: 0.5, remove: 0, insert: [] }], "splices[0].at"],
    [
      [
        { at: 1, remove: 3, insert: [] },
        { at: 3, remove: 1, insert: [] },
      ],
      "splices[1].at",
    ],
  ];
  for (const [splices, field] of refused) {
    assert.throws(() => applySplices(base, splices), refusedAs("invalid_field", field));
  }
  assert.equal(applySplices(base, [{ at: 10, remove: 0, insert: entriesOf(2) }]).length, 12);
});
