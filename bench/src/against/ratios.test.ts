import assert from "node:assert/strict";
import { test } from "node:test";
import type { Row } from "../report.ts";
import { pairTable } from "./pair-table.ts";
import { compare, linesOf, turnsOf, verdictOn } from "./ratios.ts";

test("the order of the sides alternates from pair to pair", () => {
  assert.deepEqual([0, 1, 2].map(turnsOf), [
    ["old", "new"],
    ["new", "old"],
    ["old", "new"],
  ]);
});

test("the ratio is the median of the ratios of pairs, not the ratio of medians", () => {
  const compared = compare([
    { old: 1, new: 1.5 },
    { old: 4, new: 4 },
    { old: 2, new: 2.2 },
  ]);
  assert.deepEqual(compared, { old: 2, new: 2.2, ratio: { median: 1.1, least: 1, most: 1.5 } });
});

test("the median of an even number of pairs is the mean of the middle two", () => {
  const pairs = [1, 4, 2, 8].map((value) => ({ old: 1, new: value }));
  assert.deepEqual(compare(pairs), { old: 1, new: 3, ratio: { median: 3, least: 1, most: 8 } });
});

test("a time below the clock's resolution counts as one tick, which keeps every ratio finite", () => {
  assert.deepEqual(compare([{ old: 0, new: 0.02 }]).ratio, { median: 2, least: 2, most: 2 });
  assert.equal(compare([{ old: 0, new: 0 }]).ratio.median, 1);
});

test("code is slower if the median is above 1.05 and no pair contradicts", () => {
  assert.equal(verdictOn({ median: 1.06, least: 1.01, most: 1.2 }), "slower");
  assert.equal(verdictOn({ median: 1.06, least: 0.99, most: 1.2 }), "unclear");
  assert.equal(verdictOn({ median: 1.05, least: 1.01, most: 1.2 }), "");
  assert.equal(verdictOn({ median: 0.94, least: 0.8, most: 0.99 }), "faster");
  assert.equal(verdictOn({ median: 0.94, least: 0.8, most: 1.01 }), "");
});

test("each process group of a work is compared, and so is their sum", () => {
  const lines = linesOf([
    { old: [row("put", 2, 4)], new: [row("put", 3, 4)] },
    { old: [row("put", 2, 4)], new: [row("put", 3, 4)] },
  ]);
  assert.deepEqual(
    lines.map(({ figure, ratio, verdict }) => [figure, ratio.median, verdict]),
    [
      ["elapsed", 1, ""],
      ["CPU client", 1.5, "slower"],
      ["CPU server", 1, ""],
      ["CPU, all", 7 / 6, "slower"],
      ["peak server", 1, ""],
    ],
  );
});

test("a CPU time below half a second has no verdict", () => {
  const lines = linesOf([{ old: [row("get", 0.2, 0.2)], new: [row("get", 0.49, 0.2)] }]);
  assert.deepEqual(
    lines.map(({ figure, verdict }) => [figure, verdict]),
    [
      ["elapsed", ""],
      ["CPU client", ""],
      ["CPU server", ""],
      ["CPU, all", "slower"],
      ["peak server", ""],
    ],
  );
});

test("rows without a cost, and rows of one side only, are not compared", () => {
  const latency: Row = { work: "p99", by: "holdfast", value: 1, unit: "ms" };
  assert.deepEqual(linesOf([{ old: [latency, row("put", 1, 1)], new: [latency, row("get", 1, 1)] }]), []);
});

test("the table names a work once and aligns its numbers", () => {
  const lines = linesOf([{ old: [row("64 MiB put", 2, 14)], new: [row("64 MiB put", 3, 14)] }]);
  assert.deepEqual(pairTable(lines), [
    "work        figure        old   new      ratio  spread        pairs",
    "64 MiB put  elapsed      9.00  9.00  s    1.00  1.00 to 1.00      1",
    "            CPU client   2.00  3.00  s    1.50  1.50 to 1.50      1  slower",
    "            CPU server   14.0  14.0  s    1.00  1.00 to 1.00      1",
    "            CPU, all     16.0  17.0  s    1.06  1.06 to 1.06      1  slower",
    "            peak server   120   120  MB   1.00  1.00 to 1.00      1",
  ]);
});

function row(work: string, client: number, server: number): Row {
  const cost = { seconds: 9, cpu: { client, server }, peakMb: { server: 120 } };
  return { work, by: "holdfast", value: 9, unit: "s", cost };
}
