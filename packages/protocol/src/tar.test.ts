import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fc } from "@holdfast/tools/properties";
import { readTar, type ReadTarEntry } from "./read-tar.ts";
import { tarEnd, type TarEntry, tarHeader, tarPadding } from "./write-tar.ts";

type File = TarEntry & { readonly text: string };
type ReadFile = Omit<ReadTarEntry, "content" | "offset"> & { readonly text: string };

function tarOf(files: readonly File[]): Buffer {
  const pieces = files.flatMap(({ text, ...entry }) => [
    ...tarHeader(entry),
    Buffer.from(text),
    tarPadding(entry.sizeBytes),
  ]);
  return Buffer.concat([...pieces, tarEnd]);
}

async function readAll(bytes: Uint8Array, pieceBytes = 700): Promise<ReadFile[]> {
  async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const found: ReadFile[] = [];
  for await (const { content, offset: _, ...entry } of readTar(pieces())) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    found.push({ ...entry, text: Buffer.concat(parts).toString() });
  }
  return found;
}

const name = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 80 })
  .map((text) => `x${text.replaceAll(/[\0/]|\p{Cs}/gu, "_")}`);
const file = fc
  .record({
    path: fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/")),
    kind: fc.constantFrom("file", "folder", "symlink"),
    mode: fc.constantFrom(0o644, 0o755),
    mtimeMicros: fc.integer({ min: -(10 ** 15), max: 4 * 10 ** 15 }),
    text: fc.string({ unit: "grapheme", maxLength: 900 }),
    target: name,
  })
  .map(({ path, kind, mode, mtimeMicros, text, target }): File => {
    const content = kind === "file" ? text : "";
    const entry = { path, kind, mode, mtimeMicros, text: content, sizeBytes: Buffer.byteLength(content) };
    return kind === "symlink" ? Object.assign(entry, { target }) : entry;
  });

test("archives with any names are read as written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 6 }), fc.integer({ min: 1, max: 2000 }), async (files, pieceBytes) => {
      assert.deepEqual(await readAll(tarOf(files), pieceBytes), files);
    }),
  );
});

test("an archive truncated at any byte is rejected", async () => {
  const whole = tarOf([
    { path: "ü".repeat(120), kind: "file", mode: 0o644, mtimeMicros: 1.5e6, text: "some text", sizeBytes: 9 },
    { path: "b", kind: "symlink", mode: 0o777, mtimeMicros: 0, text: "", sizeBytes: 0, target: "ü" },
  ]);
  for (let at = 0; at < whole.length; at += 1)
    await assert.rejects(
      readAll(whole.subarray(0, at)),
      (error) => error instanceof HoldfastError && error.code === "unreachable",
      `${at}`,
    );
});

test("an archive with any changed bytes is read or fails with a HoldfastError", async () => {
  const whole = tarOf([
    { path: "ü/a", kind: "file", mode: 0o644, mtimeMicros: 1.5e6, text: "some text", sizeBytes: 9 },
  ]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 20 }),
      async (changes) => {
        const changed = Buffer.from(whole);
        for (const [at, byte] of changes) changed[at] = byte;
        await readAll(changed).catch((error: unknown) => assert.ok(error instanceof HoldfastError, String(error)));
      },
    ),
    { numRuns: 500 },
  );
});

test("excessive sizes, other kinds and content of a folder are rejected by name", async () => {
  const huge = { path: "bomb", kind: "file", mode: 0o644, mtimeMicros: 0, sizeBytes: 2 ** 50, text: "" } as const;
  await assert.rejects(readAll(tarOf([huge])), /"bomb" declares/);
  const device = Buffer.from(tarOf([{ ...huge, sizeBytes: 0, path: "dev" }]));
  device[156] = "3".charCodeAt(0);
  summed(device);
  await assert.rejects(readAll(device), /"dev" has a type that is not allowed/);
  const folder = Buffer.from(tarOf([{ ...huge, sizeBytes: 3, text: "abc", path: "f" }]));
  folder[156] = "5".charCodeAt(0);
  summed(folder);
  await assert.rejects(readAll(folder), /"f" is a folder with content/);
});

function summed(header: Buffer): void {
  const sum = header.subarray(0, 512).reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}
