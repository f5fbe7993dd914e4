import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, LocalRow } from "../../model/trees.ts";
import { ConflictCopies } from "./conflict-copies.ts";

const id = "node" as NodeId;
const local = { content: "bytes" as ContentKey, name: "a (copy)" } as unknown as LocalRow;

const copying = { op: "copy_aside", id, local, parent: "folder" as NodeId } as const;

function waitsFor(copies: ConflictCopies, nowMs: number): number {
  return (copies.waitsUntilMs(id, nowMs) ?? nowMs) - nowMs;
}

test("the copies of one file wait for each other, with delays doubling up to a minute", () => {
  const copies = new ConflictCopies();
  assert.equal(copies.waitsUntilMs(id, 0), undefined);
  let nowMs = 1_000_000;
  const waits: number[] = [];
  for (let round = 0; round < 8; round += 1) {
    copies.note({ ...copying, name: "b" }, nowMs);
    const waitMs = waitsFor(copies, nowMs);
    waits.push(waitMs / 1000);
    assert.equal(waitsFor(copies, nowMs + waitMs), 0);
    nowMs += waitMs;
  }
  assert.deepEqual(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
});

test("ten minutes without a conflict, and a clock that is set back, reset the delay", () => {
  for (const [laterMs, waitMs] of [
    [600_000, 2000],
    [-1, 2000],
    [599_999, 4000],
  ] as const) {
    const copies = new ConflictCopies();
    copies.note({ ...copying, name: "b" }, 1_000_000);
    if (laterMs !== 599_999) assert.equal(copies.waitsUntilMs(id, 1_000_000 + laterMs), undefined);
    copies.note({ ...copying, name: "b" }, 1_000_000 + laterMs);
    assert.equal(waitsFor(copies, 1_000_000 + laterMs), waitMs);
  }
});

test("a copy has the name of the previous one, or its own if that could not be replaced", () => {
  const copies = new ConflictCopies();
  copies.note({ ...copying, name: "b" }, 0);
  assert.deepEqual(copies.of(id), { ...copies.of(id), names: ["b"], content: "bytes" });
  copies.note({ ...copying, name: "b 2", onto: { id, local } }, 1);
  assert.deepEqual(copies.of(id)?.names, ["a (copy)", "b 2"]);
});
