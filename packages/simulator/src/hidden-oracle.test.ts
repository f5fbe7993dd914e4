import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Alone } from "./alone.ts";
import { hiddenContents, shownOf } from "./hidden-oracle.ts";
import { homeOf } from "./model-shares.ts";
import { serverTree } from "./oracle.ts";
import { seenTree } from "./person.ts";
import { contentOf } from "./small-blocks.ts";

test("the oracle considers the former rules active while a device asks about a removal", async () => {
  const alone = new Alone();
  alone.write(".holdfastignore", "secret\n");
  alone.write("secret", "hidden here");
  await alone.once();
  alone.putOnServer("hidden there", { id: "x" as NodeId, parent_id: alone.world.model.rootId, name: "secret" });
  alone.moveOnServer(alone.serverId(".holdfastignore"), "moved");
  alone.writeOnServer("moved", "no rules any more");
  const engine = alone.make();
  const { problems } = await alone.pass(engine.runOnce());
  assert.deepEqual(
    problems.map(({ code }) => code),
    ["rules_held"],
  );
  const [made] = alone.world.devices;
  assert.ok(made !== undefined);
  const device = { ...made, engine, state: new SyncState(made.database, homeOf(made.account) as NodeId) };
  const [here, there] = shownOf(device, seenTree(alone.root), serverTree(alone.world.model.nodes));
  assert.deepEqual(here, there);
  assert.deepEqual([...here.keys()], ["moved"]);
  assert.ok(hiddenContents({ devices: [device] }).has(contentOf(Buffer.from("hidden here"))));
  alone.close();
});
