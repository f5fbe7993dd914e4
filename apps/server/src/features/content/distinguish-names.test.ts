import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { distinguishNames } from "./distinguish-names.ts";
import type { ZippedNode } from "./zip-nodes.ts";

const files = (...names: readonly string[]) =>
  names.map((name) => ({ name, node: { row: { kind: "file" } } }) as unknown as ZippedNode);
const namesOf = (...names: readonly string[]) => distinguishNames(files(...names)).map(({ name }) => name);

test("equal names get the next unused number", () => {
  assert.deepEqual(namesOf("a.txt", "a.txt", "b.txt", "a.txt"), ["a.txt", "a (2).txt", "b.txt", "a (3).txt"]);
  assert.deepEqual(namesOf("a.txt", "a.txt", "a (2).txt"), ["a.txt", "a (3).txt", "a (2).txt"]);
});

test("a zip with the maximum number of equal names has distinct names", () => {
  const names = namesOf(...Array.from({ length: limits.zippedNodesMax }, () => "a.txt"));
  assert.equal(new Set(names).size, limits.zippedNodesMax);
  assert.equal(names.at(-1), `a (${limits.zippedNodesMax}).txt`);
});
