import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { decodePatch } from "./patch.ts";
import { encodePatchFromPieces } from "./piece-patch.ts";
import { cutPieces, pieceSizes, readPieces } from "./piece-table.ts";

const mib = 1024 * 1024;
const numRuns = isLongTier ? 40 : 16;
const random = (lengthBytes: number): Uint8Array => randomBytes(lengthBytes);

function noise(length: number, seed: string): Buffer {
  return createHash("shake256", { outputLength: length }).update(seed).digest();
}

function text(length: number, seed: string): Buffer {
  const words = ["the", "block", "has", "been", "written", "error", "warning", "0x3f", "position", "nothing"];
  const choices = noise(length, seed);
  const parts: string[] = [];
  for (let index = 0, bytes = 0; bytes < length; index += 1) {
    const choice = choices[index] ?? 0;
    const part = `${words[choice % words.length]}${choice < 30 ? `\n${index} ` : " "}`;
    parts.push(part);
    bytes += part.length;
  }
  return Buffer.from(parts.join("")).subarray(0, length);
}

type Edit = "change" | "insert" | "delete";

function edited(base: Buffer, edit: Edit, at: number): Buffer {
  const after = base.subarray(edit === "insert" ? at : at + 1);
  const other = Buffer.of((base[at] ?? 0) ^ 0x15);
  return Buffer.concat([base.subarray(0, at), ...(edit === "delete" ? [] : [other]), after]);
}

test("pieces cover the bytes, respect the size limits, and have the CRC of their bytes", () => {
  for (const bytes of [noise(mib, "a"), text(mib, "b"), Buffer.alloc(300_000), Buffer.of(1), Buffer.alloc(0)]) {
    const pieces = readPieces(cutPieces(bytes));
    assert.equal(
      pieces.reduce((sum, { length }) => sum + length, 0),
      bytes.length,
    );
    for (const [index, { crc, offset, length }] of pieces.entries()) {
      assert.equal(crc, crc32(bytes.subarray(offset, offset + length)));
      assert.ok(length <= pieceSizes.bytesMax);
      assert.ok(length > pieceSizes.bytesMin || index === pieces.length - 1);
    }
  }
});

test("every build cuts pieces at the same places", () => {
  const table = cutPieces(noise(mib, "fixed"));
  assert.equal(table.length / 8, 55);
  assert.equal(
    createHash("sha256").update(table).digest("hex"),
    "dd53c7b99f7d59e9d56165f76dd19981ee535be4a57c8c1349951aaae1f3ddb8",
  );
});

test("one byte changed, inserted or deleted in 1 MiB of random bytes makes a patch of less than 40 KiB", () => {
  const base = noise(mib, "block");
  const basePieces = cutPieces(base);
  for (const edit of ["change", "insert", "delete"] as const) {
    for (const at of [0, 1, 77_777, 500_000, mib - 1]) {
      const next = edited(base, edit, at);
      const payload = encodePatchFromPieces({ basePieces, next, random });
      assert.ok(payload !== undefined && payload.length < 40 * 1024, `${edit} at ${at}: ${payload?.length} bytes`);
      assert.ok(next.equals(decodePatch(base, payload, next.length)));
    }
  }
});

test("after any few edits, a patch made without the base turns the base into the block", () => {
  const edits = fc.array(
    fc.record({
      edit: fc.constantFrom<Edit>("change", "insert", "delete"),
      place: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    }),
    { minLength: 1, maxLength: 12 },
  );
  let patches = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(noise, text),
      fc.constantFrom(70_000, 300_000, mib, 4 * mib - 20),
      fc.string(),
      edits,
      (make, length, seed, list) => {
        const base = make(length, seed);
        let next = base;
        for (const { edit, place } of list) next = edited(next, edit, Math.floor(place * next.length));
        const payload = encodePatchFromPieces({ basePieces: cutPieces(base), next, random });
        if (payload === undefined) return;
        patches += 1;
        assert.ok(next.equals(decodePatch(base, payload, next.length)));
      },
    ),
    { numRuns },
  );
  assert.ok(patches > numRuns / 2, `only ${patches} patches of ${numRuns}`);
});

test("blocks without known pieces, and bases that cannot be dictionaries, make no patch", () => {
  const next = noise(mib, "next");
  assert.equal(encodePatchFromPieces({ basePieces: cutPieces(noise(mib, "other")), next, random }), undefined);
  assert.equal(encodePatchFromPieces({ basePieces: new Uint8Array(0), next, random }), undefined);
  const trained = Buffer.concat([Buffer.from("37a430ec", "hex"), next]);
  assert.equal(encodePatchFromPieces({ basePieces: cutPieces(trained), next: trained, random }), undefined);
});

test("a patch that would depend on an unknown byte is discarded", () => {
  const base = noise(mib, "base");
  const next = edited(base, "change", 500_000);
  // A filling that is right by chance: matches reach into it, which the complement reveals.
  const { offset, length } = readPieces(cutPieces(base)).find((each) => each.offset + each.length > 500_000) ?? {
    offset: 0,
    length: 0,
  };
  const right = (): Uint8Array => base.subarray(offset, offset + length);
  assert.equal(encodePatchFromPieces({ basePieces: cutPieces(base), next, random: right }), undefined);
});
