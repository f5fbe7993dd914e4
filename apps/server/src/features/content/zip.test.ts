import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { requireComponent } from "@holdfast/tools/components";
import { makeZip } from "./zip.ts";
import type { ZipEntry, ZipLimits } from "./zip.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-zip-"));
after(() => rmSync(home, { recursive: true }));

const mtimeMs = Date.UTC(2001, 1, 3, 4, 5, 6);

async function* piecesOf(...pieces: (string | HoldfastError)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof HoldfastError) throw piece;
    yield await Promise.resolve(Buffer.from(piece));
  }
}

function file(path: string, ...pieces: (string | HoldfastError)[]): ZipEntry {
  const sizeBytes = pieces.reduce((sum, piece) => sum + (typeof piece === "string" ? piece.length : 0), 0);
  return { path, kind: "file", mode: 0o644, mtimeMs, sizeBytes, content: piecesOf(...pieces) };
}

async function zipped(entries: readonly ZipEntry[], limits?: ZipLimits) {
  const pieces: Uint8Array[] = [];
  let failure: unknown;
  try {
    for await (const piece of makeZip(listed(entries), limits)) pieces.push(Buffer.from(piece));
  } catch (thrown) {
    failure = thrown;
  }
  return { bytes: Buffer.concat(pieces), failure };
}

async function* listed(entries: readonly ZipEntry[]): AsyncGenerator<ZipEntry> {
  yield* await Promise.resolve(entries);
}

let count = 0;

function unpack(program: "unzip" | "7z" | "python3", bytes: Buffer) {
  const target = mkdtempSync(join(home, "unpacked-"));
  const zip = join(home, `${(count += 1)}.zip`);
  writeFileSync(zip, bytes);
  const args = { unzip: ["-q", "-o", zip], "7z": ["x", "-y", zip], python3: ["-m", "zipfile", "-e", zip, "."] }[
    program
  ];
  const ran = spawnSync(program, args, { cwd: target, encoding: "utf8", input: "" });
  return { target, status: ran.status, said: ran.stdout + ran.stderr };
}

const programs = ["unzip", "7z", "python3"] as const;

test("kinds, modes and times are preserved, for any year", async (t) => {
  if (!requireComponent(t, "unzip")) return;
  const { bytes, failure } = await zipped([
    { ...file("folder"), kind: "folder", mode: 0o755 },
    { ...file("folder/run", "#!"), mode: 0o755 },
    { ...file("link", "folder/run"), kind: "symlink", mode: 0o777 },
    { ...file("old", "old"), mtimeMs: Date.UTC(1935, 0, 1) },
    { ...file("late", "late"), mtimeMs: Date.UTC(2060, 5, 6, 7, 8, 10) },
    { ...file("never", ""), mtimeMs: Date.UTC(12_000, 0, 1) },
  ]);
  assert.equal(failure, undefined);
  const { target, status, said } = unpack("unzip", bytes);
  assert.equal(status, 0, said);
  assert.equal(lstatSync(join(target, "folder/run")).mode & 0o777, 0o755);
  assert.equal(lstatSync(join(target, "folder/run")).mtimeMs, mtimeMs);
  assert.equal(readlinkSync(join(target, "link")), "folder/run");
  assert.equal(readFileSync(join(target, "late"), "utf8"), "late");
  assert.equal(new Date(lstatSync(join(target, "old")).mtimeMs).getFullYear(), 1980);
});

test("large sizes and counts use zip64", async (t) => {
  const entries = Array.from({ length: 40 }, (_, index) => file(`f${index}`, "x".repeat(index * 10), "y"));
  for (const limits of [
    { bytes: 200, entries: 0xffff },
    { bytes: 2000, entries: 0xffff },
    { bytes: 0xffff_ffff, entries: 40 },
    { bytes: 0, entries: 0 },
  ]) {
    const made = entries.map((entry, index) => ({ ...entry, content: piecesOf("x".repeat(index * 10), "y") }));
    const { bytes, failure } = await zipped(made, limits);
    assert.equal(failure, undefined);
    for (const program of programs) {
      if (!requireComponent(t, program)) continue;
      const { target, status, said } = unpack(program, bytes);
      assert.equal(status, 0, `${program}, ${JSON.stringify(limits)}: ${said}`);
      for (const index of entries.keys()) {
        assert.equal(readFileSync(join(target, `f${index}`), "utf8"), `${"x".repeat(index * 10)}y`);
      }
    }
  }
});

test("a damaged file is reported by every program, and all others are unpacked", async (t) => {
  const damaged = new HoldfastError("damaged", "A block is damaged.");
  const { bytes, failure } = await zipped([
    file("before", "before"),
    file("at the start", damaged),
    file("in the middle", "begins", damaged),
    file("after", "after"),
  ]);
  assert.ok(failure instanceof HoldfastError && failure.code === "damaged");
  assert.match(failure.message, /: at the start, in the middle\. /);
  for (const program of programs) {
    if (!requireComponent(t, program)) continue;
    const { target, status, said } = unpack(program, bytes);
    assert.notEqual(status, 0, program);
    assert.match(
      said,
      program === "python3" ? /Bad CRC-32 for file 'at the start'/ : /(?:bad CRC|CRC Failed)/,
      program,
    );
    for (const name of ["before", "after"]) assert.equal(readFileSync(join(target, name), "utf8"), name, program);
  }
});

test("any other failure ends the zip immediately", async () => {
  const { failure, bytes } = await zipped([
    file("a", "a"),
    file("b", new HoldfastError("unavailable", "The store is away.")),
    file("c", "c"),
  ]);
  assert.ok(failure instanceof HoldfastError && failure.code === "unavailable");
  assert.ok(!bytes.includes("c"));
});
