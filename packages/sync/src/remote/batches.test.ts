import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { ContentKey, LocalRow } from "../model/trees.ts";
import { type Batch, batchesOf, mustWait } from "./batches.ts";

const idOf = (text: string): NodeId => text as NodeId;
const place = (parent: string, name: string) => ({ parent: idOf(parent), name });
const mkdir = (id: string, parent = "root"): RemoteOperation => ({
  op: "mkdir",
  id: idOf(id),
  place: place(parent, id),
});

function create(id: string, parent = "root", sizeBytes = 10, group?: string): RemoteOperation {
  const fingerprint = { inode: 1n, sizeBytes, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  const content = "c" as ContentKey;
  const local: LocalRow = {
    kind: "file",
    ...place(parent, id),
    content,
    executable: false,
    fingerprint,
    readState: "known",
  };
  const grouped = group === undefined ? {} : { group };
  return { op: "create", id: idOf(id), place: place(parent, id), local, ...grouped };
}

function many(count: number, make: (id: string) => RemoteOperation): RemoteOperation[] {
  return Array.from({ length: count }, (_, index) => make(`n${index}`));
}

function only(operations: readonly RemoteOperation[]): Batch {
  const [batch, more] = [...batchesOf(operations)];
  assert.ok(batch !== undefined && more === undefined);
  return batch;
}

const lengthsOf = (operations: readonly RemoteOperation[]): number[] =>
  [...batchesOf(operations)].map((batch) => batch.operations.length);

test("a request has up to 1,000 operations, 8 MiB of small blocks and 16 MiB sent ahead, or one larger file", () => {
  assert.deepEqual(lengthsOf(many(2500, (id) => create(id))), [1000, 1000, 500]);
  assert.deepEqual(lengthsOf(many(100, (id) => create(id, "root", 200_000))), [41, 41, 18]);
  assert.deepEqual(lengthsOf(many(10, (id) => create(id, "root", 4 * 1024 * 1024))), [4, 4, 2]);
  assert.deepEqual(lengthsOf(many(3, (id) => create(id, "root", 20_000_000))), [1, 1, 1]);
});

test("a group is never split, even at the end of a request", () => {
  const operations = [...many(998, (id) => create(id)), ...many(5, (id) => create(`g${id}`, "root", 10, "cycle"))];
  assert.deepEqual(lengthsOf(operations), [998, 5]);
});

test("a request waits for one that creates its folder, and not for one beside it", () => {
  assert.equal(mustWait(only([mkdir("a")]), only([create("f", "a")])), true);
  assert.equal(mustWait(only([mkdir("a")]), only([create("f", "b")])), false);
  assert.equal(mustWait(only([mkdir("a")]), only([mkdir("b", "a")])), true);
});

test("a cycle of names waits for all earlier requests, and all later ones wait for it", () => {
  const cycle = only([create("a", "root", 10, "cycle")]);
  assert.equal(mustWait(cycle, only([create("f")])), true);
  assert.equal(mustWait(only([create("f")]), cycle), true);
});
