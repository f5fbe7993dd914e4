import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk } from "@holdfast/sync/ports";
import { Alone } from "./alone.ts";

/** The disk, which cannot make one path durable. */
function failingAt(disk: LocalDisk, path: string): LocalDisk {
  const failing = (sync: (path: string) => Promise<void>) => async (at: string) => {
    if (at === path) throw new HoldfastError("unavailable", "EIO");
    await sync(at);
  };
  const own = {
    syncFile: failing((at) => disk.syncFile(at)),
    syncFolder: failing((at) => disk.syncFolder(at)),
    syncAll: () => Promise.reject(new HoldfastError("unavailable", "EIO")),
  };
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

test("a folder that was made and could not be made durable goes again when another device deletes it", async () => {
  const alone = new Alone();
  alone.mkdir("folder");
  await alone.once();
  const parent_id = alone.serverId("folder");
  alone.onServer({ op: "mkdir", operation_id: "1", parent_id, id: "new", name: "new" });
  const failing = (): LocalDisk => failingAt(alone.disk(), "folder");
  await alone.once({ disk: failing() });
  assert.deepEqual(alone.diskPaths(), ["folder", "folder/new"]);
  alone.onServer({ op: "delete", operation_id: "2", file_id: "new" });
  await alone.once({ disk: failing() });
  await alone.once();
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["folder"], ["folder"]]);
  alone.close();
});

for (const path of ["folder/one", "folder"]) {
  test(`what is equal already and cannot be made durable (${path}) is told of, and all else goes on`, async () => {
    const alone = new Alone();
    alone.mkdir("folder");
    await alone.once();
    const parent_id = alone.serverId("folder");
    const bytes = Buffer.from("equal");
    const block = { hash: sha256(bytes), bytes };
    alone.world.model.putBlocks([block]);
    const blocks = [{ hash: block.hash, size: bytes.length }];
    alone.onServer({ op: "put", operation_id: "another's", parent_id, name: "one", size: bytes.length, blocks });
    alone.write("folder/one", "equal");
    for (let number = 0; number < 70; number += 1) alone.write(`other ${number}`, `${number}`);
    const failing = await alone.once({ disk: failingAt(alone.disk(), path) });
    assert.deepEqual(
      failing.problems.map((each) => [each.path, each.code]),
      [["folder/one", "not_durable"]],
    );
    assert.equal(alone.serverPaths().length, 72);
    assert.ok(!failing.inSync);

    // What comes after it is the server's, which was never agreed on: nothing of either is lost.
    alone.writeOnServer("folder/one", "newer");
    await alone.once({ disk: failingAt(alone.disk(), path) });
    assert.equal(alone.read("folder/one"), "equal");

    assert.ok((await alone.once()).inSync);
    assert.deepEqual(alone.diskPaths(), alone.serverPaths());
    alone.close();
  });
}
