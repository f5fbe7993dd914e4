import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

function watched(server: Server, whoAnswers: Server["whoAnswers"]) {
  const sent: string[] = [];
  const commit: Server["commit"] = (epoch, operations, blocks) => {
    sent.push(...operations.map(({ op }) => op));
    return server.commit(epoch, operations, blocks);
  };
  return { sent, server: { ...server, whoAnswers, commit } };
}

const another = { serverId: "another", accountId: "everybody" };
const known = { serverId: "model", accountId: "everybody" };

/** Returns a synced folder, and another server with its own file at the same address. */
async function withAnother() {
  const alone = new Alone();
  const empty = alone.world.model.backUp();
  alone.write("private", "private");
  assert.ok((await alone.once()).inSync);
  alone.world.model.restore(empty);
  alone.putOnServer("theirs", { parent_id: alone.world.model.rootId, name: "theirs" });
  alone.write("new", "new");
  return alone;
}

const told =
  /A different (server|account) now answers at the address .* another, not (model|everybody)\. No files were changed\./;

for (const [what, answers] of [
  ["another server", another],
  ["another account", { serverId: "model", accountId: "another" }],
] as const) {
  test(`${what} at the same address exchanges no data with the folder`, async () => {
    const alone = await withAnother();
    const { sent, server } = watched(alone.server(), () => Promise.resolve(answers));
    await assert.rejects(alone.once({ server }), told);
    assert.deepEqual([sent, alone.diskPaths(), alone.serverPaths()], [[], ["new", "private"], ["theirs"]]);
    alone.close();
  });
}

test("another server that responds during the listing is detected before the list counts", async () => {
  const alone = await withAnother();
  let asked = 0;
  const { sent, server } = watched(alone.server(), () => Promise.resolve((asked += 1) === 1 ? known : another));
  await assert.rejects(alone.once({ server }), told);
  assert.deepEqual([sent, alone.diskPaths()], [[], ["new", "private"]]);
  alone.close();
});

test("a running sync ends with the reason when another server responds", async () => {
  const alone = await withAnother();
  const { sent, server } = watched(alone.server(), () => Promise.resolve(another));
  const engine = alone.make({ server });
  await alone.pass(engine.run());
  assert.equal(engine.status().activity, "refused");
  assert.match(engine.status().refusal ?? "", told);
  assert.deepEqual([sent, alone.diskPaths()], [[], ["new", "private"]]);
  alone.close();
});

test("a first sync that meets another server at the address sends nothing to it", async () => {
  const alone = new Alone();
  alone.write("private", "private");
  const { sent, server } = watched(alone.server(), () => Promise.resolve(another));
  await assert.rejects(alone.once({ server }), told);
  assert.deepEqual([sent, alone.serverPaths()], [[], []]);
  alone.close();
});

test("a restored server counts as the same one, and the sync continues", async () => {
  const alone = await withAnother();
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["new", "private", "theirs"]);
  alone.close();
});
