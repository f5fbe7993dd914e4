import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { folderContent } from "../model/content.ts";
import type { LocalRow } from "../model/trees.ts";
import { startFoldersOf } from "./scope.ts";

const rootId = "root" as NodeId;

function folder(readState: LocalRow["readState"]): LocalRow {
  const fingerprint = { inode: 1n, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n, birthNs: 0n };
  return {
    kind: "folder",
    parent: rootId,
    name: "d",
    content: folderContent,
    executable: false,
    fingerprint,
    readState,
  };
}

test("a scan of a path begins with the item last seen there, not with one kept because it may be elsewhere", () => {
  for (const ids of [["kept", "seen"] as [NodeId, NodeId], ["seen", "kept"] as [NodeId, NodeId]]) {
    const local = new Map(ids.map((id) => [id, folder(id === "kept" ? "unsettled" : "known")]));
    const tree = { rootId, local, childrenOf: (id: NodeId) => (id === rootId ? ids : []) };
    assert.deepEqual(startFoldersOf(tree, new Set(["d"])), [{ id: "seen", path: "d" }]);
    local.delete("seen" as NodeId);
    assert.deepEqual(startFoldersOf(tree, new Set(["d"])), [{ id: "kept", path: "d" }]);
  }
});

test("a folder is scanned once, regardless of the number of paths into it", () => {
  const inWide = Array.from({ length: 100 }, (_, index) => `folder ${index}`);
  const wide = "wide" as NodeId;
  const local = new Map<NodeId, LocalRow>([[wide, { ...folder("known"), name: "wide" }]]);
  for (const name of inWide) local.set(name as NodeId, { ...folder("known"), parent: wide, name });
  const asked: NodeId[] = [];
  const childrenOf = (id: NodeId): readonly NodeId[] => {
    asked.push(id);
    return [...local].flatMap(([child, { parent }]) => (parent === id ? [child] : []));
  };
  const startFolders = startFoldersOf(
    { rootId, local, childrenOf },
    new Set(inWide.map((name) => `wide/${name}/what is new`)),
  );
  assert.deepEqual(
    startFolders.map(({ id }) => id),
    inWide.toSorted((one, other) => one.length - other.length),
  );
  assert.equal(asked.filter((id) => id === wide).length, 1);
});
