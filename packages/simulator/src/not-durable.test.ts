import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk } from "@holdfast/sync/ports";
import { Alone } from "./alone.ts";

/** The disk, which cannot make one path durable. */
function failingAt(disk: LocalDisk, path: string): LocalDisk {
  const failing = (sync: (path: string) => Promise<void>) => async (at: string) => {
    if (at === path) throw new HoldfastError("unavailable", "EIO");
    await sync(at);
  };
  const own = { syncFile: failing((at) => disk.syncFile(at)), syncFolder: failing((at) => disk.syncFolder(at)) };
  return new Proxy(disk, {
    get: (target, name) => (Reflect.get(own, name) ?? Reflect.get(target, name)) as unknown,
  });
}

test("a file that the disk cannot make durable is not sent and is told of, and all else is sent", async () => {
  const alone = new Alone();
  await alone.once();
  for (const path of ["one", "other"]) alone.write(path, path);
  const engine = alone.make({ disk: failingAt(alone.disk(), "one") });
  await alone.pass(engine.runOnce());
  assert.deepEqual(alone.serverPaths(), ["other"]);
  const [problem] = engine.status().problems;
  assert.equal(problem?.path, "one");
  assert.match(problem.message, /This disk did not confirm/);
  alone.close();
});
