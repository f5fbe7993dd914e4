import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { Tree } from "./tree.ts";

test("live descendants of a folder are found without a walk from each node, until a move", async (t) => {
  const tree = new Tree(undefined as unknown as ShardQueries, "space" as SpaceId, "root" as NodeId);
  const put = (id: string, parent: string | null, trashed_at: number | null = null): NodeRow => {
    const row = { id, parent_id: parent, name: id, name_key: id, kind: "folder", trashed_at } as NodeRow;
    tree.put(row);
    return row;
  };
  put("root", null);
  const [kept, other] = [put("kept", "root"), put("other", "root")];
  put("inner", "kept");
  const ids = Array.from({ length: 100 }, (_, number) => put(`k${number}`, "inner").id);
  const found = async (folder: NodeRow) =>
    (await Array.fromAsync(tree.liveBelow(folder, ids))).map(({ id }) => id).toSorted();
  assert.deepEqual(await found(kept), ids.toSorted());
  const looks = t.mock.method(tree, "node");
  assert.deepEqual(await found(other), []);
  put("k0", "inner", 1);
  assert.deepEqual(await found(kept), ids.slice(1).toSorted());
  assert.equal(looks.mock.callCount(), 0);
  const mark = tree.mark();
  put("inner", "other");
  assert.deepEqual([await found(kept), await found(other)], [[], ids.slice(1).toSorted()]);
  put("inner", "other", 1);
  assert.deepEqual(await found(other), []);
  tree.rollback(mark);
  assert.deepEqual([(await found(kept)).length, await found(other)], [99, []]);
});
