import assert from "node:assert/strict";
import { test } from "node:test";
import type { Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { both, chmod, closed, file, setOnServer, withFile, withoutPrivacy } from "./testing-privacy.ts";

const hourMicros = 3_600_000_000;

function counting(server: Server): { readonly server: Server; readonly snapshots: () => number } {
  let count = 0;
  const snapshot: Server["snapshot"] = (cursor) => ((count += 1), server.snapshot(cursor));
  return { server: { ...server, snapshot }, snapshots: () => count };
}

async function later(alone: Alone): Promise<void> {
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + hourMicros, () => false);
}

test("after an upgrade of the server, modes are requested once by a full listing, even without changes", async () => {
  const alone = new Alone();
  alone.mkdir("keys");
  alone.write(file, "old");
  chmod(alone, true);
  for (let run = 0; run < 2; run += 1) assert.ok((await alone.once({ server: withoutPrivacy(alone.server()) })).inSync);
  const old = counting(withoutPrivacy(alone.server()));
  for (let run = 0; run < 3; run += 1) await alone.once({ server: old.server });
  assert.equal(old.snapshots(), 0);
  await later(alone);
  const upgraded = counting(alone.server());
  for (let run = 0; run < 3; run += 1) await alone.once({ server: upgraded.server });
  assert.deepEqual([both(alone), upgraded.snapshots()], [closed, 2]);
  alone.close();
});

test("while servers of two versions respond alternately, a full listing occurs at most once an hour", async () => {
  const alone = await withFile();
  let turn = 0;
  const [older, newer] = [withoutPrivacy(alone.server()), alone.server()];
  const mixed: Server = {
    ...newer,
    listChanges: (token) => ((turn += 1) % 2 === 0 ? older : newer).listChanges(token),
    snapshot: (cursor) => older.snapshot(cursor),
  };
  const both_ = counting(mixed);
  for (let round = 0; round < 8; round += 1) {
    alone.write("other", `number ${round}`);
    setOnServer(alone, round % 2 === 0, ["keys"]);
    await alone.once({ server: both_.server });
  }
  assert.ok(both_.snapshots() <= 2, String(both_.snapshots()));
  setOnServer(alone, true);
  assert.ok((await alone.once({ server: older })).inSync);
  assert.deepEqual(both(alone, [file]), [[false, true]]);
  await later(alone);
  alone.write("other", "last");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a server restored with an older version is asked again after its upgrade, without a restart of the client", async () => {
  const alone = await withFile();
  const [older, newer] = [withoutPrivacy(alone.server()), alone.server()];
  let isOld = false;
  const server: Server = {
    ...newer,
    listChanges: (token) => (isOld ? older : newer).listChanges(token),
    snapshot: (cursor) => (isOld ? older : newer).snapshot(cursor),
  };
  const engine = alone.make({ server });
  const run = engine.run();
  const { scheduler, model } = alone.world;
  const pass = (seconds: number): Promise<boolean> =>
    scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
  await pass(10);
  isOld = true;
  setOnServer(alone, true);
  model.restore(model.backUp());
  await pass(600);
  assert.deepEqual(both(alone, [file]), [[false, true]]);
  isOld = false;
  await pass(2 * 3600);
  engine.stop();
  await alone.pass(run);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("changes written by an earlier client version in between are requested", async () => {
  const alone = await withFile();
  setOnServer(alone, true);
  assert.ok((await alone.once({ server: withoutPrivacy(alone.server()) })).inSync);
  const { database } = alone.world.devices[0] ?? assert.fail();
  if (database.isTransaction) database.exec("commit");
  database.exec(`insert or replace into settings (key, row) values ('privacy', '"heard"')`);
  const { server, snapshots } = counting(alone.server());
  for (let run = 0; run < 3; run += 1) assert.ok((await alone.once({ server })).inSync);
  assert.deepEqual([both(alone), snapshots()], [closed, 1]);
  alone.close();
});

for (const moves of [false, true]) {
  test(`an older server that accepts privacy without storing it is sent ${moves ? "a move with it" : "it"} only once`, async () => {
    const alone = await withFile();
    const path = moves ? "id.txt" : file;
    if (moves) alone.move(file, path);
    chmod(alone, true, [path]);
    const sent: string[] = [];
    const older = withoutPrivacy(alone.server());
    const commit: Server["commit"] = (epoch, operations, blocks) => {
      sent.push(...operations.map(({ op }) => op));
      return older.commit(epoch, operations, blocks);
    };
    const engine = alone.make({ server: { ...older, commit } });
    const run = engine.run();
    const { scheduler } = alone.world;
    await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => sent.length > 100);
    engine.stop();
    await alone.pass(run);
    // Its move entry lacks the privacy, which is sent once it is known again.
    assert.deepEqual(sent, [moves ? "move" : "set"]);
    assert.ok(alone.serverPaths().includes(path));
    alone.close();
  });
}
