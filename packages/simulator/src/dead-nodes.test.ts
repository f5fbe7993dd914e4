import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Alone } from "./alone.ts";

const paths = ["folder", "folder/a", "folder/inner", "folder/inner/b", "other"];

async function synced(): Promise<{ readonly alone: Alone; readonly state: SyncState }> {
  const alone = new Alone();
  for (const path of ["folder", "folder/inner"]) alone.mkdir(path);
  for (const path of ["folder/a", "folder/inner/b", "other"]) alone.write(path, path);
  const state = new SyncState(new DatabaseSync(":memory:"), alone.world.model.rootId as NodeId);
  assert.equal((await alone.once({ state })).inSync, true);
  assert.deepEqual(alone.serverPaths(), paths);
  return { alone, state };
}

function unrestOf({ restless }: SyncState): number {
  return restless.size + restless.fresh.size;
}

const deletions: Readonly<Record<string, (alone: Alone) => void>> = {
  "by a person here": (alone) => {
    for (const path of ["folder/inner/b", "folder/inner", "folder/a", "folder"]) alone.remove(path);
  },
  "by another device": (alone) =>
    alone.onServer({ op: "delete", operation_id: "delete", file_id: alone.serverId("folder") }),
};

for (const [by, remove] of Object.entries(deletions)) {
  test(`what was in a folder that was deleted ${by} is forgotten, so that no plan goes through it for ever`, async () => {
    const { alone, state } = await synced();
    remove(alone);
    await alone.once({ state });
    assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["other"], ["other"]]);
    await alone.once({ state });
    assert.equal(unrestOf(state), 0);
    assert.equal(state.synced.size, 1);
    alone.close();
  });
}

test("what was deleted here alone stays known as deleted while its folder, which stands here, is in the trash of the server", async () => {
  const { alone, state } = await synced();
  const folder = alone.serverId("folder");
  // In the folder that the other device deletes there is an edit here.
  alone.remove("folder/a");
  alone.write("folder/inner/b", "edited");
  alone.onServer({ op: "delete", operation_id: "delete", file_id: folder });
  await alone.once({ state });
  await alone.once({ state });
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/inner", "folder/inner/b", "other"]);
  assert.deepEqual(alone.serverPaths(), alone.diskPaths());
  assert.equal(unrestOf(state), 0);
  alone.close();
});
