import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

const hour = 3600_000_000;
const week = 7 * 24 * hour;

test("bytes changed without a new time are found within two weeks, uploaded as a new version, and reported", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  for (const path of ["a", "b", "folder/c"]) alone.write(path, `of ${path}`);
  const engine = alone.make();
  const run = engine.run();
  const { scheduler, model } = alone.world;
  const begin = scheduler.nowMicros;
  await scheduler.runUntil(begin + hour, () => false);
  alone.writeSilently("folder/c", "OF FOLDER/C");
  await scheduler.runUntil(begin + week - 2 * hour, () => false);
  assert.equal(alone.serverContents().get("folder/c"), "of folder/c", "no look finds it");
  const before = model.seq;
  await scheduler.runUntil(begin + 2 * week, () => alone.serverContents().get("folder/c") === "OF FOLDER/C");
  assert.equal(alone.serverContents().get("folder/c"), "OF FOLDER/C");
  assert.ok(scheduler.nowMicros - begin <= week + 2 * hour);
  await scheduler.runUntil(scheduler.nowMicros + hour, () => false);
  assert.equal(model.seq, before + 1, "nothing else is sent");
  const { problems, activity } = engine.status();
  assert.deepEqual(
    [problems.map(({ path, code }) => [path, code]), activity],
    [[["folder/c", "silent_change"]], "idle"],
  );
  engine.stop();
  await alone.pass(run);
  assert.ok((await alone.once()).inSync, "nothing waits for a person");
  alone.close();
});

test("between two passes nothing is read and nothing is written", async () => {
  const alone = new Alone();
  for (const path of ["a", "b"]) alone.write(path, path);
  const disk = alone.disk();
  const reads: number[] = [];
  const { scheduler } = alone.world;
  const readAt: typeof disk.readAt = (path, ...rest) => {
    if (!path.startsWith(".holdfast")) reads.push(scheduler.nowMicros);
    return disk.readAt(path, ...rest);
  };
  const engine = alone.make({ disk: { ...disk, readAt } });
  const run = engine.run();
  await scheduler.runUntil(scheduler.nowMicros + hour, () => false);
  reads.length = 0;
  const { writes } = alone.world;
  const begin = scheduler.nowMicros;
  await scheduler.runUntil(begin + week + 12 * hour, () => false);
  assert.equal(reads.length, 2, "each of two files once");
  assert.ok((reads[1] ?? 0) - (reads[0] ?? 0) < hour / 60, "one after the other");
  assert.equal(alone.world.writes, writes);
  engine.stop();
  await alone.pass(run);
  alone.close();
});
