import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOptions } from "./options.ts";
import { pairedRowNames, rowNames } from "./row-names.ts";

test("without arguments, all rows of this folder's code are measured", () => {
  const { wants, against, keep } = parseOptions([]);
  assert.ok(rowNames.every(wants));
  assert.equal(against, undefined);
  assert.equal(keep, false);
});

test("a group's name selects all its rows", () => {
  const { wants } = parseOptions(["--only", "start,share"]);
  assert.deepEqual(rowNames.filter(wants), [
    "start",
    "share-call",
    "share-check",
    "share-list",
    "share-edit",
    "share-rewind",
    "share-devices",
  ]);
});

test("a comparison measures three pairs of each row that allows one, and names the others", () => {
  const { against } = parseOptions(["--against", "HEAD~2"]);
  assert.equal(against?.revision, "HEAD~2");
  assert.equal(against.pairs, 3);
  assert.deepEqual(against.names, pairedRowNames);
  assert.deepEqual(new Set([...against.names, ...against.leftOut]), new Set(rowNames));
});

test("a comparison can be limited to some rows", () => {
  const { against } = parseOptions(["--against", "HEAD", "--only", "sync,large", "--pairs", "12"]);
  assert.equal(against?.pairs, 12);
  assert.deepEqual(against.names, ["large", "sync-new", "sync-small", "sync-large"]);
  assert.deepEqual(against.leftOut, ["sync-idle"]);
});

test("options that contradict each other are rejected", () => {
  assert.throws(() => parseOptions(["--only", "smal"]), /No rows are named smal/);
  assert.throws(() => parseOptions(["--pairs", "5"]), /--pairs needs --against COMMIT/);
  for (const pairs of ["0", "1.5", "100", "many"])
    assert.throws(() => parseOptions(["--against", "HEAD", "--pairs", pairs]), /--pairs must be 1 to 99/);
  assert.throws(() => parseOptions(["--against", "HEAD", "--only", "rest,web"]), /None of these rows/);
  assert.throws(() => parseOptions(["--against", "HEAD", "--by", "rsync"]), /leave out --by and --million/);
  assert.throws(() => parseOptions(["--against"]), /argument missing/);
});
