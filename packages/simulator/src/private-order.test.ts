import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import type { Alone } from "./alone.ts";
import { both, chmod, closed, file, setOnServer, withFile } from "./testing-privacy.ts";

/** A private folder with an open folder and an open file in it. */
async function withInner(): Promise<Alone> {
  const alone = await withFile();
  alone.mkdir("keys/inner");
  chmod(alone, true, ["keys"]);
  assert.ok((await alone.once()).inSync);
  return alone;
}

const inner = ["inner", "id.txt"];

test("what leaves a private folder and is private itself by then is so on the server before it leaves", async () => {
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

test("what has left a private folder and is private itself by then is so on the disk before it leaves", async () => {
  const alone = await withInner();
  setOnServer(alone, true, ["keys/inner", file]);
  for (const path of ["keys/inner", file]) alone.moveOnServer(alone.serverId(path), path.replace(/.*\//, ""));
  alone.writeOnServer("id.txt", "edited there");
  const calls: string[] = [];
  const disk = alone.disk();
  const noting: LocalDisk = {
    ...disk,
    setPrivate: (path, isPrivate) => (calls.push(`close ${path}`), disk.setPrivate(path, isPrivate)),
    rename: (from, to) => (calls.push(`name ${to}`), disk.rename(from, to)),
  };
  assert.ok((await alone.once({ disk: noting })).inSync);
  assert.deepEqual(calls.slice(0, 2).toSorted(), ["close keys/id.txt", "close keys/inner"]);
  assert.deepEqual([both(alone, inner), alone.read("id.txt")], [closed, "edited there"]);
  alone.close();
});
