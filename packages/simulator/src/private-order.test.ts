import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { Alone } from "./alone.ts";
import { both, chmod, closed, file, modesAndNames, setOnServer, withFile } from "./testing-privacy.ts";

async function withInner(): Promise<Alone> {
  const alone = await withFile();
  alone.mkdir("keys/inner");
  chmod(alone, true, ["keys"]);
  assert.ok((await alone.once()).inSync);
  return alone;
}

const inner = ["inner", "id.txt"];

test("an item that leaves a private folder and is itself private is so on the server before it leaves", async () => {
  const alone = await withInner();
  alone.move("keys/inner", "inner");
  alone.move(file, "id.txt");
  chmod(alone, true, inner);
  const sent: string[] = [];
  const server = alone.server();
  const commit: Server["commit"] = (epoch, operations, blocks) => {
    sent.push(...operations.map(({ op }) => op));
    return server.commit(epoch, operations, blocks);
  };
  assert.ok((await alone.once({ server: { ...server, commit } })).inSync);
  assert.deepEqual(sent, ["set", "set", "move", "move"]);
  assert.deepEqual(both(alone, inner), closed);
  alone.close();
});

test("an item that has left a private folder and is itself private is so on the disk before it leaves", async () => {
  const alone = await withInner();
  setOnServer(alone, true, ["keys/inner", file]);
  for (const path of ["keys/inner", file]) alone.moveOnServer(alone.serverId(path), path.replace(/.*\//, ""));
  alone.writeOnServer("id.txt", "edited there");
  const calls = await modesAndNames(alone);
  assert.deepEqual(calls.slice(0, 2).toSorted(), ["close keys/id.txt", "close keys/inner"]);
  assert.deepEqual([both(alone, inner), alone.read("id.txt")], [closed, "edited there"]);
  alone.close();
});

test("an item owned by another user of the machine, whose mode cannot be changed, is still moved", async () => {
  const alone = await withFile();
  setOnServer(alone, true);
  alone.moveOnServer(alone.serverId(file), "id.txt");
  alone.moveOnServer(alone.serverId("keys"), "renamed");
  const setPrivate: LocalDisk["setPrivate"] = (path) =>
    Promise.reject(new HoldfastError("failed", `Cannot set the mode of ${path}: EPERM.`));
  await alone.once({ disk: { ...alone.disk(), setPrivate } });
  const paths = alone.diskPaths();
  assert.ok(paths.includes("id.txt") && paths.includes("renamed"), paths.join());
  alone.close();
});

test("a crash right after a file was made private loses no executable bit set by a person", async () => {
  const alone = await withFile();
  setOnServer(alone, true, [file]);
  alone.root.write(alone.root.mustBeAt(file), { executable: true }, true);
  const disk = alone.disk();
  let isClosed = false;
  const dying: LocalDisk = {
    ...disk,
    setPrivate: async (path, isPrivate) => {
      await disk.setPrivate(path, isPrivate);
      isClosed = true;
    },
    syncFile: (path) => (isClosed ? new Promise(() => undefined) : disk.syncFile(path)),
  };
  void alone.make({ disk: dying }).runOnce();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 5_000_000, () => isClosed);
  assert.ok(isClosed);
  assert.ok((await alone.once()).inSync);
  assert.ok(alone.root.mustBeAt(file).now.executable);
  assert.ok(alone.world.model.nodes.get(alone.serverId(file))?.executable);
  alone.close();
});
