import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, SyncedRow } from "../model/trees.ts";
import { SyncState } from "./sync-state.ts";

const [rootId, file] = ["root", "file"] as NodeId[] as [NodeId, NodeId];

const contentOf = (number: number): ContentKey => `content ${number}` as ContentKey;

function agreeOn(state: SyncState, number: number): void {
  const place = { parent: rootId, name: "a" };
  const versionIds = [`${number}`, `${number - 1}`];
  const row: SyncedRow = { kind: "file", place, content: contentOf(number), executable: false, versionIds };
  state.commit({ synced: [[file, row]] });
}

const known = ({ pastContents }: SyncState): number[] =>
  Array.from({ length: 50 }, (_, number) => number).filter((number) => pastContents.has(file, contentOf(number)));

test("the last 30 contents before the present one are known, also to the next process", () => {
  const database = new DatabaseSync(":memory:");
  const state = new SyncState(database, rootId);
  for (let number = 0; number <= 40; number += 1) agreeOn(state, number);
  const expected = Array.from({ length: 30 }, (_, index) => index + 10);
  assert.deepEqual(known(state), expected);
  assert.deepEqual(known(new SyncState(database, rootId)), expected);
});

test("a repeated content counts as the newest of the earlier ones", () => {
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  for (const number of [0, ...Array.from({ length: 20 }, (_, index) => index + 1), 0]) agreeOn(state, number);
  for (let number = 21; number <= 40; number += 1) agreeOn(state, number);
  assert.ok(known(state).includes(0));
});

test("nothing is kept of a deleted file", () => {
  const database = new DatabaseSync(":memory:");
  const state = new SyncState(database, rootId);
  for (const number of [0, 1, 2]) agreeOn(state, number);
  state.commit({ synced: [[file, undefined]] });
  assert.deepEqual(known(new SyncState(database, rootId)), []);
});
