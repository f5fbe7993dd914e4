import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalOperation } from "../../plan/plan-types.ts";
import { withinSpace } from "./space.ts";

const mib = 1024 * 1024;

const download = (sizeBytes: number) => ({ op: "create", remote: { kind: "file", sizeBytes } }) as LocalOperation;

test("the reported size and space are those of the waiting downloads, after all that fit", () => {
  const operations = [download(4 * mib), download(8 * mib), download(3 * mib), download(2 * mib)];
  const { leftOut, why } = withinSpace(operations, { freeBytes: 11 * mib, totalBytes: 100 * mib });
  assert.deepEqual(leftOut, [operations[1]]);
  assert.equal(why, "8.0 MiB, but only 1.0 MiB can be used there");
});
