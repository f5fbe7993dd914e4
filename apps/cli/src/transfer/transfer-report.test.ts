import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { Output } from "../output/output.ts";
import { LocalRoom } from "./get/local-room.ts";
import { TransferReport } from "./transfer-report.ts";

function makeReport(alikeShownMax?: number) {
  let text = "";
  const stderr = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const report = new TransferReport(new Output({}, stderr, stderr), "received", false, alikeShownMax);
  return { report, lines: (): string[] => text.split("\n").slice(0, -1) };
}

test("each file that does not fit on the disk here counts as a problem", () => {
  const { report, lines } = makeReport();
  const room = new LocalRoom("/", report, () => ({ freeBytes: 0, totalBytes: 2 ** 30 }));
  for (let file = 0; file < 697; file += 1) room.refuse(`f${file}`, 1024);
  room.reportRefused();
  assert.equal(report.problemCount, 697);
  assert.deepEqual([report.problems.length, report.exitCode], [4, 1]);
  assert.match(
    lines()[3] ?? "",
    /^holdfast: 694 more files did not fit\. All 697 need 697 KiB together\. Free some space/,
  );
});

test("a file that does not fit is listed with the space that files before it leave", async () => {
  const { report, lines } = makeReport();
  const space = { freeBytes: 2 ** 30, totalBytes: 2 ** 30 };
  const room = new LocalRoom("/", report, () => space);
  const { fits } = await room.take([2 ** 29, 2 ** 29]);
  assert.deepEqual(fits, [true, false]);
  room.refuse("second", 2 ** 29);
  assert.deepEqual(
    lines()[0]?.split(". ")[0],
    "holdfast: second: does not fit: it needs 512 MiB, but only 502 MiB can be used there",
  );
});

test("each file without space in the quota counts as a problem, and people get one line with their number and size", async () => {
  const { report, lines } = makeReport();
  const failure = new HoldfastError("quota", "No space.", { body: { free_bytes: 2 ** 20 } });
  for (let file = 0; file < 25; file += 1) report.refused(`f${file}`, failure, 10 * 2 ** 10);
  await report.listUntried(async () => 9 * 2 ** 10);
  assert.deepEqual([report.problemCount, report.problems.length, report.exitCode], [25, 21, 6]);
  assert.equal(
    report.problems.at(-1)?.message,
    "5 more files were not tried, because there was no space for 20 files before. Free some space and run put again.",
  );
  report.reportAlike();
  assert.deepEqual(lines(), [
    "holdfast: 25 files: not enough space in your quota: 250 KiB needed, 9.0 KiB free. 'holdfast df' shows what uses it and how to free some. (f0, f1, f2 and 22 more)",
  ]);
});

test("files refused without figures get the total too, and a report works without a reachable server", async () => {
  const failure = new HoldfastError("quota", "This needs 10 KiB, and 9.0 KiB is free in your quota. Delete files.");
  const [read, gone] = [makeReport(), makeReport()];
  for (const { report } of [read, gone]) for (const path of ["a", "b"]) report.refused(path, failure, 10 * 2 ** 10);
  await read.report.listUntried(async () => 9 * 2 ** 10);
  await gone.report.listUntried(() => Promise.reject(new HoldfastError("unreachable", "No answer.")));
  for (const { report } of [read, gone]) report.reportAlike();
  assert.match(
    read.lines()[0] ?? "",
    /^holdfast: 2 files: not enough space in your quota: 20 KiB needed, 9.0 KiB free/,
  );
  assert.match(gone.lines()[0] ?? "", /^holdfast: 2 files: This needs 10 KiB/);
});

test("one file without space, and files in another person's space, have the server's sentence", () => {
  const [one, other] = [makeReport(), makeReport()];
  const failure = new HoldfastError("quota", "The owner of this folder does not have enough space for this.");
  one.report.refused("a", failure, 10);
  for (const path of ["a", "b"]) other.report.refused(path, failure, 2 ** 20);
  for (const { report } of [one, other]) report.reportAlike();
  assert.deepEqual(one.lines(), [`holdfast: a: ${failure.message}`]);
  assert.deepEqual(other.lines(), [`holdfast: 2 files: ${failure.message} (a, b)`]);
});

for (const [alike, line] of [
  [3, '1 more path has the same problem: "is not readable by you, skipped" --json lists them.'],
  [5, '3 more paths have the same problem: "is not readable by you, skipped" --json lists them.'],
] as const) {
  test(`${alike} problems with one sentence are shown by two paths and a line for the others`, () => {
    const { report, lines } = makeReport(2);
    for (let file = 0; file < alike; file += 1) report.problem(`f${file}`, "is not readable by you, skipped");
    report.reportAlike();
    assert.deepEqual(lines().slice(2), [`holdfast: ${line}`]);
    assert.equal(report.problemCount, alike);
  });
}
