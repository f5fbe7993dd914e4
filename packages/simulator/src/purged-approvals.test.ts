import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `file ${index}`);

async function twoDevices(): Promise<readonly [Alone, Alone]> {
  const one = new Alone({ devices: 2 });
  const other = one.other();
  one.mkdir("folder");
  one.write("folder/in it", "in the folder");
  for (const name of names(60)) one.write(name, `this is ${name}`);
  for (const each of [one, other]) assert.ok((await each.once({ brake: undefined })).inSync);
  assert.deepEqual(other.diskPaths(), one.diskPaths());
  return [one, other];
}

function purgeOnServer({ world }: Alone, id: string): void {
  world.model.purge("another", id);
  world.model.announce();
}

async function approveAll(alone: Alone): Promise<void> {
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
}

test("a permanent deletion approved on one device is also applied on the other, without asking", async () => {
  const [one, other] = await twoDevices();
  for (const path of [...names(60), "folder"]) purgeOnServer(one, one.serverId(path));
  for (const each of [one, other]) assert.equal((await each.once({ brake: undefined })).deletionsWaiting, 62);
  await approveAll(one);
  assert.deepEqual(await other.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual([one.diskPaths(), other.diskPaths(), one.serverPaths()], [[], [], []]);
  one.close();
});

test("an edit on the other device stays and is uploaded, even if the permanent deletion was approved here", async () => {
  const [one, other] = await twoDevices();
  for (const path of [...names(60), "folder"]) purgeOnServer(one, one.serverId(path));
  for (const each of [one, other]) await each.once({ brake: undefined });
  other.write("file 7", "edited");
  other.write("folder/in it", "edited too");
  other.write("folder/new", "never sent");
  await approveAll(one);
  assert.deepEqual(await other.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(other.diskPaths(), ["file 7", "folder", "folder/in it", "folder/new"]);
  assert.deepEqual(
    [...one.serverContents()].filter(([path]) => path !== "folder"),
    [
      ["file 7", "edited"],
      ["folder/in it", "edited too"],
      ["folder/new", "never sent"],
    ],
  );
  one.close();
});

test("an approved deletion, purged before the other device received it, is also applied there", async () => {
  const [one, other] = await twoDevices();
  const ids = [...names(60), "folder"].map((path) => one.serverId(path));
  for (const file_id of ids) one.onServer({ op: "delete", operation_id: `of ${file_id}`, file_id });
  await approveAll(one);
  for (const id of ids) purgeOnServer(one, id);
  assert.deepEqual(await other.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(other.diskPaths(), []);
  one.close();
});

test("a waiting deletion, purged from the trash before its approval, is applied on the other device", async () => {
  const [one, other] = await twoDevices();
  const ids = [...names(60), "folder"].map((path) => one.serverId(path));
  for (const file_id of ids) one.onServer({ op: "delete", operation_id: `of ${file_id}`, file_id });
  for (const each of [one, other]) assert.equal((await each.once({ brake: undefined })).deletionsWaiting, 62);
  for (const id of ids) purgeOnServer(one, id);
  await approveAll(one);
  assert.deepEqual(await other.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(other.diskPaths(), []);
  one.close();
});

test("an approved deletion that was undone, and then purged, asks again", async () => {
  const [one, other] = await twoDevices();
  const ids = names(60).map((path) => one.serverId(path));
  for (const file_id of ids) one.onServer({ op: "delete", operation_id: `of ${file_id}`, file_id, approved: true });
  for (const file_id of ids) one.onServer({ op: "restore", operation_id: `back ${file_id}`, file_id });
  for (const id of ids) purgeOnServer(one, id);
  assert.equal((await other.once({ brake: undefined })).deletionsWaiting, 60);
  assert.equal(other.diskPaths().length, 62);
  one.close();
});
