import assert from "node:assert/strict";
import { test } from "node:test";
import { groupedProblems, problemLine, ProblemLines } from "./problem-lines.ts";

const full = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ path: `f${at}`, code: "failed", message: `Could not write f${at}.` }));

test("a few problems of one kind get a line each, many one line, repeated only at ten times the number", () => {
  const lines = new ProblemLines();
  const linesAfter = (count: number) => lines.after(full(count)).map(problemLine);
  assert.deepEqual(linesAfter(3), ["f0: Could not write f0.", "f1: Could not write f1.", "f2: Could not write f2."]);
  assert.deepEqual(linesAfter(5), [
    "5 files: Could not write f0. (f0, f1, f2 and 2 more; 'holdfast status --all' lists them)",
  ]);
  for (let count = 6; count < 50; count += 1) assert.deepEqual(linesAfter(count), []);
  assert.equal(linesAfter(16_785).length, 1);
  assert.deepEqual(linesAfter(2), [], "those were told");
  assert.deepEqual(linesAfter(0), []);
  assert.equal(linesAfter(2).length, 2, "they are gone, and come again");
});

test("a changed size in a message does not make a problem new", () => {
  const of = (count: number, free: string) =>
    Array.from({ length: count }, (_, at) => ({ path: `f${at}`, code: "store_full", message: `${free} are free.` }));
  for (const count of [2, 20]) {
    const lines = new ProblemLines();
    assert.equal(lines.after(of(count, "16 MiB")).length, count === 2 ? 2 : 1);
    for (const free of ["160 KiB", "1.5 GiB", "0 B", "5,977,002 bytes"])
      assert.deepEqual(lines.after(of(count, free)), []);
  }
});

test("another kind besides many is reported, and so are problems of the whole folder", () => {
  const lines = new ProblemLines();
  lines.after(full(100));
  const more = [
    { path: "a", code: "quota", message: "No room." },
    { path: "", code: "failed", message: "Nothing works." },
    { path: "", code: "failed", message: "Nor does this." },
  ];
  assert.deepEqual(lines.after([...full(100), ...more]).map(problemLine), [
    "a: No room.",
    "Nothing works.",
    "Nor does this.",
  ]);
});

test("at the end of a run each kind is reported once", () => {
  assert.deepEqual(groupedProblems(full(3)), full(3));
  assert.deepEqual(
    groupedProblems(full(4)).map(({ path, code }) => [path, code]),
    [["", "failed"]],
  );
});

test("different causes with one code are listed separately, each with its own number", () => {
  const of = (count: number, name: string, message: string) =>
    Array.from({ length: count }, (_, at) => ({ path: `${name}${at}`, code: "failed", message }));
  const problems = [
    ...of(20, "a", "The disk does not answer."),
    ...of(5, "b", "Its name is too long."),
    ...of(1, "c", "Odd."),
  ];
  const lines = [
    "20 files: The disk does not answer. (a0, a1, a2 and 17 more; 'holdfast status --all' lists them)",
    "5 files: Its name is too long. (b0, b1, b2 and 2 more; 'holdfast status --all' lists them)",
    "c0: Odd.",
  ];
  assert.deepEqual(new ProblemLines().after(problems).map(problemLine), lines);
  assert.deepEqual(groupedProblems(problems).map(problemLine), lines);
});

test("a paragraph shared by several files is shown once, by its first sentence if there are more", () => {
  const paragraph = `The disk is full: 2 MiB are free. ${"Free some space. ".repeat(20)}`.trim();
  const of = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ path: `f${at}`, code: "store_full", message: paragraph }));
  const lines = new ProblemLines();
  const linesAfter = (count: number) => lines.after(of(count)).map(problemLine);
  assert.deepEqual(linesAfter(1), [`f0: ${paragraph}`]);
  assert.deepEqual(linesAfter(3), ["3 files: The disk is full: 2 MiB are free. (f0, f1, f2)"]);
  assert.deepEqual(linesAfter(4), []);
  assert.deepEqual(linesAfter(30), [
    "30 files: The disk is full: 2 MiB are free. (f0, f1, f2 and 27 more; 'holdfast status --all' lists them)",
  ]);
  assert.deepEqual(groupedProblems(of(2)).map(problemLine), [`2 files: ${paragraph} (f0, f1)`]);
});
