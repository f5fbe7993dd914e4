import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { Engine, EngineOptions } from "@holdfast/sync/engine/engine";
import { RootMismatch } from "@holdfast/sync/engine/root";
import { SyncState } from "@holdfast/sync/state/sync-state";
import type { Life } from "./scheduler.ts";
import { World } from "./world.ts";

const minute = 60_000_000;

/** A world in which only the first device has an engine, which the test runs itself. */
function alone(): { world: World; make: (changes?: Partial<EngineOptions>) => Engine; write: Write; life: Life } {
  const world = new World({ seed: 1, devices: 1, troubleRate: 0 });
  const [device] = world.devices;
  assert.ok(device !== undefined);
  world.scheduler.kill(device.life);
  const life: Life = { isAlive: true, name: "test" };
  const make = (changes: Partial<EngineOptions> = {}): Engine =>
    world.makeEngine(device, life, new SyncState(device.database, world.model.rootId as NodeId), changes);
  const write: Write = (path, text) => {
    const inode = device.root.at(path) ?? device.root.create(path, "file", true);
    world.ledger.write(device.root, inode, Buffer.from(text));
    world.ledger.close(device.root, inode, false);
  };
  return { world, make, write, life };
}

type Write = (path: string, text: string) => void;

/** Lets the time pass until the promise is settled. */
async function pass<Result>(world: World, promise: Promise<Result>): Promise<Result> {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  settled.catch(() => undefined);
  await world.scheduler.runUntil(world.scheduler.nowMicros + 30 * minute, () => isSettled);
  assert.ok(isSettled, "it does not end within 30 minutes");
  return settled;
}

test("one run ends when everything is in sync, and tells what it did", async () => {
  const { world, make, write } = alone();
  write("a.txt", "one");
  const engine = make();
  let told = 0;
  engine.onChange(() => (told += 1));
  assert.deepEqual(await pass(world, engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
  const { activity, pendingFiles, progress, recent, lastSyncAtMs } = engine.status();
  assert.deepEqual(
    { activity, pendingFiles, progress },
    { activity: "idle", pendingFiles: 0, progress: { filesUp: 1, filesDown: 0, bytesUp: 3, bytesDown: 0 } },
  );
  assert.deepEqual(
    recent.map(({ path, direction, what }) => [path, direction, what]),
    [["a.txt", "up", "created"]],
  );
  assert.ok(told > 0 && lastSyncAtMs !== undefined);
  world.close();
});

test("one run gives a server that cannot be reached half a minute, and then says so", async () => {
  const { world, make } = alone();
  const engine = make();
  world.outage = "unreachable";
  const begin = world.scheduler.nowMicros;
  await assert.rejects(pass(world, engine.runOnce()), { code: "unreachable" });
  const durationMs = (world.scheduler.nowMicros - begin) / 1000;
  assert.ok(durationMs >= 30_000 && durationMs < 100_000, `${durationMs} ms`);
  assert.equal(engine.status().activity, "offline");
  world.close();
});

test("a server that does not answer keeps nobody from stopping", async () => {
  const { world, make, write } = alone();
  write("a.txt", "one");
  const engine = make();
  const run = engine.run();
  world.outage = "silent";
  await world.scheduler.runUntil(world.scheduler.nowMicros + minute, () => false);
  engine.stop();
  const begin = world.scheduler.nowMicros;
  await pass(world, run);
  assert.ok(world.scheduler.nowMicros - begin < 5_000_000);
  world.close();
});

test("a pause holds for the next engine too, until it is resumed", async () => {
  const { world, make, write } = alone();
  make().pause();
  const engine = make();
  write("a.txt", "one");
  const { inSync, problems } = await pass(world, engine.runOnce());
  assert.deepEqual([inSync, problems.map(({ code }) => code)], [false, ["paused"]]);
  engine.resume();
  assert.ok((await pass(world, engine.runOnce())).inSync);
  world.close();
});

for (const [what, changes] of [
  ["server", { identity: { serverId: "another", accountId: "everybody" } }],
  ["account", { identity: { serverId: "model", accountId: "another" } }],
] as const) {
  test(`a folder that belongs to another ${what} is refused in words that say so`, async () => {
    const { world, make } = alone();
    await pass(world, make().runOnce());
    const engine = make(changes);
    await assert.rejects(pass(world, engine.runOnce()), (error) => {
      assert.ok(error instanceof RootMismatch);
      assert.match(error.message, new RegExp(`another ${what}`));
      return true;
    });
    assert.match(engine.status().refusal ?? "", new RegExp(`another ${what}`));
    world.close();
  });
}
