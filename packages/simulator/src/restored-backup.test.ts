import assert from "node:assert/strict";
import { test } from "node:test";
import { hourMicros, names, onServer, restore, withVersions } from "./testing-versions.ts";

for (const [ageMicros, count, when, isMixed] of [
  [25 * hourMicros, 20, "their old times", false],
  [25 * hourMicros, 20, "their old times, and deletions among them,", true],
  [0, 20, "the time of now", false],
  [0, 20, "the time of now, and deletions among them,", true],
] as const) {
  test(`a backup with ${when} restored file by file under a running client waits completely`, async () => {
    const alone = await withVersions(count);
    const { scheduler } = alone.world;
    const engine = alone.make({ brake: undefined });
    const run = engine.run();
    for (const name of names(count)) {
      restore(alone, name, ageMicros);
      if (isMixed) alone.remove(`new ${name}`);
      engine.hint([""]);
      await scheduler.runUntil(scheduler.nowMicros + 2_000_000, () => false);
    }
    if (!isMixed) for (const name of names(count)) alone.remove(`new ${name}`);
    engine.hint([""]);
    await scheduler.runUntil(scheduler.nowMicros + 120_000_000, () => false);
    const { activity, deletionsWaiting } = engine.status();
    // The first deletion is sent before the first file has been read.
    const held = isMixed ? count - 1 : count;
    assert.deepEqual([activity, deletionsWaiting], ["waiting", held]);
    assert.deepEqual([onServer(alone, "yesterday's"), onServer(alone, "new")], [0, held]);
    engine.stop();
    await alone.pass(run);
    alone.close();
  });
}

test("a single file that returns to older content is sent after five seconds, or half a minute if others follow", async () => {
  const alone = await withVersions(20);
  const { scheduler } = alone.world;
  const engine = alone.make({ brake: undefined });
  const run = engine.run();
  const sentAfter = async (seconds: number): Promise<number> => {
    engine.hint([""]);
    await scheduler.runUntil(scheduler.nowMicros + seconds * 1_000_000, () => false);
    return onServer(alone, "yesterday's");
  };
  await sentAfter(60);
  restore(alone, "file 0", 0);
  assert.deepEqual([await sentAfter(4), engine.status().activity], [0, "syncing"]);
  restore(alone, "file 0", 0);
  assert.equal(await sentAfter(2), 1, "a save of the same bytes starts no new wait");
  assert.equal(engine.status().activity, "idle");
  for (const name of names(9).slice(1)) {
    restore(alone, name, 0);
    assert.equal(await sentAfter(4), name === "file 8" ? 2 : 1);
  }
  engine.stop();
  await alone.pass(run);
  alone.close();
});
