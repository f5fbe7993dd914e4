import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation } from "../../plan/plan-types.ts";
import type { ContentKey, LocalRow } from "../../model/trees.ts";
import { problemOf } from "../reports/problems.ts";
import { DiskRetries } from "./disk-retries.ts";

const parent = "root" as NodeId;

function folder(name: string, alias?: string): LocalRow {
  const fingerprint = { inode: 1n, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  const content = "" as ContentKey;
  return { kind: "folder", parent, name, alias, content, executable: false, fingerprint, readState: "known" };
}

test("two items that need each other's names, equal on this disk, are retried together", () => {
  const [one, other] = ["one", "other"] as NodeId[] as [NodeId, NodeId];
  const oneRow = folder("E", "E (case conflict)");
  const otherRow = folder("e");
  const planned: LocalOperation[] = [
    { op: "park", id: other, local: otherRow },
    { op: "move", id: one, local: oneRow, place: { parent, name: "E" } },
    { op: "move", id: other, local: otherRow, place: { parent, name: "e", alias: "e (case conflict)" } },
  ];
  const diskRetries = new DiskRetries();
  const due = (nowMs: number): readonly LocalOperation[] =>
    diskRetries.dueAmong(planned, { isInPlan: () => true, slotKey: (name) => name.toLowerCase(), nowMs });
  for (const [operation, nowMs] of [
    [planned[1], 0],
    [planned[2], 100],
  ] as const)
    if (operation !== undefined) diskRetries.note(operation, problemOf("", "exists", ""), nowMs);
  assert.deepEqual(due(30_050), []);
  assert.deepEqual(due(30_100), planned);
});
