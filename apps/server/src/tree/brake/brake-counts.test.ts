import assert from "node:assert/strict";
import { test } from "node:test";
import { addCounts, momentBefore, type Portion, readCounts, sumOf } from "./brake-counts.ts";

const minute = 60_000_000;
const start = 1_900_000_000_000_000;

test("a row keeps at most 13 portions, and reads back the last hour", () => {
  let counts: Portion[] = [];
  for (let at = start; at < start + 180 * minute; at += minute) {
    counts = addCounts(readCounts(JSON.stringify(counts), at), { rewritten: 1, deleted: 2 }, at);
    assert.ok(counts.length <= 13);
  }
  const { rewritten, deleted } = sumOf(readCounts(JSON.stringify(counts), start + 180 * minute));
  assert.ok(rewritten > 54 && rewritten <= 60, `${rewritten}`);
  assert.equal(deleted, 2 * rewritten);
});

test("counts from before the clock was set back expire after an hour", () => {
  const text = JSON.stringify(addCounts([], { rewritten: 7, deleted: 0 }, start + 10_000_000 * minute));
  const counts = readCounts(text, start);
  assert.equal(sumOf(counts).rewritten, 7);
  assert.equal(momentBefore(counts, start), start - 1);
  assert.equal(sumOf(readCounts(JSON.stringify(counts), start + 61 * minute)).rewritten, 0);
});

test("the moment is just before the first counted change", () => {
  const first = addCounts([], { rewritten: 1, deleted: 0 }, start);
  const counts = addCounts(first, { rewritten: 1, deleted: 0 }, start + 20 * minute);
  assert.equal(momentBefore(counts, start + 20 * minute), start - 1);
  const later = readCounts(JSON.stringify(counts), start + 70 * minute);
  assert.equal(momentBefore(later, start + 70 * minute), start + 20 * minute - 1);
});
