import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "@holdfast/sync/state/sync-state";
import type { LocalRow } from "@holdfast/sync/model/trees";
import { Alone } from "./alone.ts";

function stateOf({ world }: Alone): SyncState {
  const [device] = world.devices;
  assert.ok(device !== undefined);
  return new SyncState(device.database, world.model.rootId as NodeId);
}

const folderRow = (parent: NodeId, name: string): LocalRow => ({
  kind: "folder",
  parent,
  name,
  content: "" as LocalRow["content"],
  executable: false,
  readState: "known",
  fingerprint: { inode: 99n, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n },
});

test("a full scan finds changes at several depths without hints, and touches nothing else", async () => {
  const alone = new Alone();
  for (const folder of ["a", "a/b", "a/b/c", "d", "e", "f"]) alone.mkdir(folder);
  for (const path of ["a/1", "a/b/2", "a/b/c/3", "d/4", "e/6", "f/7", "f/8"]) alone.write(path, path);
  await alone.once();
  const before = alone.serverId("d/4");
  alone.write("a/b/2", "changed");
  alone.write("e/6", "E/6");
  alone.remove("f/7");
  alone.mkdir("a/b/c/new");
  alone.write("a/b/c/new/5", "five");
  await alone.once();
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  assert.equal(alone.serverContents().get("a/b/2"), "changed");
  assert.equal(alone.serverContents().get("e/6"), "E/6");
  assert.equal(alone.serverId("d/4"), before);
  alone.close();
});

test("rows unreachable from the root are removed, without any upload", async () => {
  const alone = new Alone();
  alone.mkdir("a");
  alone.write("a/1", "one");
  await alone.once();
  const [one, other, file] = ["one", "other", "below a file"].map((name) => name as NodeId);
  assert.ok(one !== undefined && other !== undefined && file !== undefined);
  const fileId = alone.serverId("a/1") as NodeId;
  const loose: [NodeId, LocalRow][] = [
    [one, folderRow(other, "x")],
    [other, folderRow(one, "x")],
    [file, folderRow(fileId, "x")],
  ];
  stateOf(alone).commit({ local: loose });
  await alone.once();
  const after = stateOf(alone);
  assert.deepEqual(
    loose.filter(([id]) => after.local.has(id)),
    [],
  );
  assert.deepEqual(alone.serverPaths(), ["a", "a/1"]);
  assert.deepEqual(alone.diskPaths(), ["a", "a/1"]);
  alone.close();
});
