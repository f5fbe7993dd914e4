import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { SyncState } from "../state/sync-state.ts";
import type { ContentKey, LocalRow } from "../model/trees.ts";
import { makeUserChangesDurable, makeRecreatedDurable } from "./user-changes.ts";

const rootId = "root" as NodeId;
const [folder, below, top] = ["folder", "below", "top"] as [NodeId, NodeId, NodeId];

function folderRow(parent: NodeId, name: string, inode = 1n): LocalRow {
  const fingerprint = { inode, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  return {
    kind: "folder",
    parent,
    name,
    content: "" as ContentKey,
    executable: false,
    fingerprint,
    readState: "known",
  };
}

test("only items below a folder without durability count as not durable", async () => {
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  const rows = [
    [folder, folderRow(rootId, "folder")],
    [below, folderRow(folder, "below")],
    [top, folderRow(rootId, "top")],
  ] as const;
  state.commit({ local: rows });
  const asked: string[] = [];
  const disk: Partial<LocalDisk> = {
    syncFolder: async (path) => {
      asked.push(path);
      if (path === "") throw new HoldfastError("unavailable", "EIO");
    },
  };
  const failures = await makeUserChangesDurable({ disk: disk as LocalDisk, state }, [below, top]);
  assert.deepEqual(asked.toSorted(), ["", "folder"]);
  assert.deepEqual([...failures.keys()], [top]);
});

test("a folder that replaced a synced one is made durable before anything in it counts as synced", async () => {
  const state = new SyncState(new DatabaseSync(":memory:"), rootId);
  const known = [
    [folder, folderRow(rootId, "folder")],
    [below, folderRow(folder, "below")],
  ] as const;
  state.commit({
    local: known,
    synced: known.map(([id, { kind, content, executable, parent, name }]) => {
      return [id, { kind, content, executable, place: { parent, name }, versionIds: [] }] as const;
    }),
  });
  const recreated = new Map([[below, folderRow(folder, "below", 2n)]]);
  const table = { rootId, local: new Map([...known, ...recreated]), parked: new Map() };
  const asked: string[] = [];
  let isBroken = false;
  const disk: Partial<LocalDisk> = {
    syncFolder: async (path) => {
      asked.push(path);
      if (isBroken) throw new HoldfastError("unavailable", "EIO");
    },
  };
  const context = { disk: disk as LocalDisk, state };
  assert.equal((await makeRecreatedDurable(context, table, recreated)).size, 0);
  assert.deepEqual(asked, ["folder"]);
  isBroken = true;
  assert.deepEqual([...(await makeRecreatedDurable(context, table, recreated)).keys()], [below]);
  assert.equal((await makeRecreatedDurable(context, table, new Map(known))).size, 0, "as it was");
  const unsettled = { ...folderRow(folder, "below", 2n), readState: "unsettled" } as const;
  state.commit({ local: [[below, unsettled]] });
  assert.deepEqual([...(await makeRecreatedDurable(context, table, recreated)).keys()], [below], "it failed before");
});
