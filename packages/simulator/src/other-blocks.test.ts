import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { Alone } from "./alone.ts";

test("a file that another client split into other blocks is not sent after a touch, but after an edit", async () => {
  const alone = new Alone();
  const { model } = alone.world;
  await alone.once();
  const blocks = ["t", "h", "e", "i", "r", "s"].map((piece) => {
    const bytes = Buffer.from(piece);
    const hash = sha256(bytes);
    model.putBlocks([{ hash, bytes }]);
    return { hash, size: 1 };
  });
  alone.onServer({ op: "put", operation_id: "theirs", parent_id: model.rootId, name: "a", size: 6, blocks });
  const version = () => [...model.nodes.values()].find(({ name }) => name === "a")?.versionId;
  const first = version();
  await alone.once();
  alone.write("a", "theirs");
  await alone.once();
  assert.equal(version(), first);
  alone.write("a", "thEirs");
  await alone.once();
  assert.notEqual(version(), first);
  alone.close();
});
