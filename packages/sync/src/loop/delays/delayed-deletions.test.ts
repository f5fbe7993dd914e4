import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { type Braked, brakeKey, type BrakeRecord } from "../../model/brake-record.ts";
import type { LocalRow, RemoteRow, Trees } from "../../model/trees.ts";
import { DelayedDeletions } from "./delayed-deletions.ts";

const [root, mount] = ["root" as NodeId, "mount" as NodeId];
const noRecords = new Map<string, BrakeRecord>();

function treesWith(ids: readonly string[], parent = mount): Trees {
  const blank = {
    content: "c",
    executable: false,
    trashed: false,
    versionId: "v",
    revision: "r",
    seq: 1,
    sizeBytes: 1,
  };
  const rowOf = (place: Pick<RemoteRow, "parent" | "name" | "kind">): RemoteRow =>
    ({ ...blank, ...place, modifiedAt: "", operationId: null }) as RemoteRow;
  const files = ids.map((id) => [id as NodeId, rowOf({ parent, name: id, kind: "file" })] as const);
  return {
    rootId: root,
    remote: new Map([[mount, rowOf({ parent: root, name: "mount", kind: "folder" })], ...files]),
    local: new Map<NodeId, LocalRow>(),
    synced: new Map(),
    offers: [],
    intents: new Map(),
    shares: new Map([[mount, { target: "shown" as NodeId }]]) as unknown as Trees["shares"],
    rights: new Map(),
  };
}

function deletions(ids: readonly string[], side: Braked["side"] = "server"): Braked[] {
  return ids.map((id) => ({ nodeId: id as NodeId, side, base: "r" }));
}

test("deletions in a mount wait for ten seconds after the last one, and others do not", () => {
  const delayedDeletions = new DelayedDeletions();
  const waiting = (ids: readonly string[], nowMs: number): number =>
    delayedDeletions.delay(treesWith(ids), noRecords, deletions(ids), nowMs).size;
  assert.equal(waiting(["a"], 0), 1);
  assert.equal(waiting(["a"], 9_999), 1);
  assert.equal(waiting(["a", "b"], 9_999), 2);
  assert.equal(waiting(["a", "b"], 19_998), 2);
  assert.deepEqual([...delayedDeletions.untilMs.values()], [19_999, 19_999]);
  assert.equal(waiting(["a", "b"], 19_999), 0);
  assert.equal(
    delayedDeletions.delay(treesWith(["c"], root), noRecords, deletions(["c"]), 20_000).size,
    0,
    "outside of mounts",
  );
  assert.equal(
    delayedDeletions.delay(treesWith(["c"]), noRecords, deletions(["c"], "here"), 20_000).size,
    0,
    "of the owner",
  );
});

test("a deletion judged by a brake, or with its place taken, does not wait any longer", () => {
  const [deletion] = deletions(["a"]);
  assert.ok(deletion !== undefined);
  const trees = treesWith(["a"]);
  const record: BrakeRecord = { ...deletion, standing: "approved", atMs: 0 };
  const decided = new Map([[brakeKey(record), record]]);
  assert.equal(new DelayedDeletions().delay(trees, decided, [deletion], 0).size, 0);
  const changed = { ...deletion, base: "another" };
  assert.equal(new DelayedDeletions().delay(trees, decided, [changed], 0).size, 1);
  const local = new Map([["new" as NodeId, { parent: mount, name: "a" } as LocalRow]]);
  assert.equal(new DelayedDeletions().delay({ ...trees, local }, noRecords, [deletion], 0).size, 0);
});

test("constant deletions by a program delay nothing for longer than ten minutes, nor does a clock that is set back", () => {
  const delayedDeletions = new DelayedDeletions();
  const ids: string[] = [];
  for (let second = 0; second <= 605; second += 5) {
    ids.push(`file ${second}`);
    const waits = delayedDeletions.delay(treesWith(ids), noRecords, deletions(ids), second * 1000);
    assert.equal(ids.length - waits.size, Math.max(0, (second - 595) / 5), `after ${second} s`);
  }
  delayedDeletions.delay(treesWith(["a"]), noRecords, deletions(["a"]), 1_000_000_000);
  delayedDeletions.delay(treesWith(["a"]), noRecords, deletions(["a"]), 0);
  assert.equal(delayedDeletions.delay(treesWith(["a"]), noRecords, deletions(["a"]), 10_000).size, 0);
});
