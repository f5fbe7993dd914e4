import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import type { DiskFeature } from "@holdfast/sync/model/missing-features";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";
import {
  actsOf,
  both,
  chmod,
  closed,
  file,
  modesAndNames,
  open,
  setOnServer,
  withFile,
  withoutPrivacy,
} from "./testing-privacy.ts";

test("new private files and folders are immediately private on the other device", async () => {
  const alone = new Alone({ devices: 2 });
  const other = alone.other();
  alone.mkdir("keys");
  alone.write(file, "old");
  chmod(alone, true);
  assert.ok((await alone.once()).inSync);
  const seen: boolean[] = [];
  const disk = other.disk();
  const mkdir: LocalDisk["mkdir"] = async (path, attributes) => {
    await disk.mkdir(path, attributes);
    if (path === "keys") seen.push(other.root.mustBeAt(path).now.isPrivate);
  };
  assert.ok((await other.once({ disk: { ...disk, mkdir } })).inSync);
  assert.deepEqual([seen, both(other), both(alone)], [[true], closed, closed]);
  assert.deepEqual([await actsOf(alone), await actsOf(other)], [[], []]);
  alone.close();
});

test("a later chmod is synced in both directions, and causes no other change", async () => {
  const alone = await withFile(new Alone({ devices: 2 }));
  const other = alone.other();
  assert.ok((await other.once()).inSync);
  chmod(alone, true);
  assert.deepEqual(await actsOf(alone), ["sent set", "sent set"]);
  assert.deepEqual((await actsOf(other)).toSorted(), ["keys closed", "keys/id.txt closed"]);
  assert.deepEqual(both(other), closed);
  chmod(other, false);
  assert.deepEqual(await actsOf(other), ["sent set", "sent set"]);
  assert.deepEqual((await actsOf(alone)).toSorted(), ["keys opened", "keys/id.txt opened"]);
  assert.deepEqual([both(alone), both(other)], [open, open]);
  alone.close();
});

test("a folder that becomes private is so before new content arrives in it", async () => {
  const alone = await withFile();
  alone.putOnServer("new", { parent_id: alone.serverId("keys"), name: "a new file" });
  setOnServer(alone, true, ["keys"]);
  const calls = await modesAndNames(alone);
  assert.deepEqual(calls, ["close keys", "name keys/a new file"]);
  alone.close();
});

test("privacy is synced together with an edit on the other side, in both directions", async () => {
  const alone = await withFile();
  chmod(alone, true);
  alone.writeOnServer(file, "edited there");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.read(file), both(alone)], ["edited there", closed]);
  chmod(alone, false);
  assert.ok((await alone.once()).inSync);
  alone.write(file, "edited here");
  setOnServer(alone, true);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.serverContents().get(file), both(alone)], ["edited here", closed]);
  alone.close();
});

for (const here of [true, false]) {
  test(`an unsynced file that is private ${here ? "here" : "there"} becomes private on both sides`, async () => {
    const alone = new Alone();
    alone.mkdir("keys");
    alone.write(file, "equal");
    const model = alone.world.model;
    const operation_id = model.fresh("another's ");
    alone.onServer({ op: "mkdir", operation_id, parent_id: model.rootId, name: "keys" });
    alone.putOnServer("equal", { parent_id: alone.serverId("keys"), name: "id.txt" });
    if (here) chmod(alone, true);
    else setOnServer(alone, true);
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(both(alone), closed);
    alone.close();
  });
}

test("bytes that become the next version of a private copy of a conflict stay private", async () => {
  const alone = await withFile();
  const engine = alone.make();
  const conflict = async (number: number): Promise<string[]> => {
    alone.write(file, `edited here ${number}`);
    alone.writeOnServer(file, `edited there ${number}`);
    assert.ok((await alone.pass(engine.runOnce())).inSync);
    return alone.diskPaths().filter((path) => path.includes("conflicted copy"));
  };
  const copies = await conflict(1);
  chmod(alone, true, copies);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.deepEqual(await conflict(2), copies);
  assert.deepEqual([alone.read(copies[0] ?? ""), both(alone, copies)], ["edited here 2", [[true, true]]]);
  alone.close();
});

test("making a folder private is no edit: its deletion on the other side applies, and the trash keeps it private", async () => {
  const alone = await withFile();
  alone.onServer({ op: "delete", operation_id: "gone", file_id: alone.serverId("keys") });
  chmod(alone, true);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [[], []]);
  const trashed = [...alone.root.below(".holdfast/trash")].find(([path]) => path.endsWith(file));
  assert.equal(trashed?.[1].now.isPrivate, true);
  alone.close();
});

for (const missingFeatures of [[], ["exchange"], ["exchange", "hard links"]] as const) {
  const without = missingFeatures.length === 0 ? "" : `, on a disk without ${missingFeatures.join(" and ")}`;
  test(`a file made private while another device's edit replaces it stays private${without}`, async () => {
    const alone = await withFile(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
    alone.writeOnServer(file, "edited there");
    const disk = alone.disk();
    let isFirst = true;
    const before = (...paths: readonly string[]): void => {
      if (isFirst && paths.includes(file)) chmod(alone, true, [file]);
      if (paths.includes(file)) isFirst = false;
    };
    const closing: LocalDisk = {
      ...disk,
      exchange: (one, other) => (before(one, other), disk.exchange(one, other)),
      link: (from, to) => (before(from, to), disk.link(from, to)),
      rename: (from, to) => (before(from, to), disk.rename(from, to)),
    };
    assert.ok((await alone.once({ disk: closing })).inSync);
    assert.deepEqual([alone.read(file), both(alone, [file])], ["edited there", [[true, true]]]);
    alone.close();
  });
}

test("a change of privacy leaves the mode of the file's other name here", async () => {
  const alone = await withFile();
  alone.root.link(file, "other.txt", true);
  assert.ok((await alone.once()).inSync);
  for (const isPrivate of [true, false]) {
    setOnServer(alone, isPrivate, [file]);
    assert.ok((await alone.once()).inSync);
    assert.deepEqual(both(alone, [file, "other.txt"]), [
      [isPrivate, isPrivate],
      [false, false],
    ]);
  }
  alone.close();
});

const poor: readonly (readonly DiskFeature[])[] = [["private modes"], ["executable bits", "private modes"]];
for (const missingFeatures of poor) {
  test(`a disk without ${missingFeatures.join(" and ")} leaves private files private on the server`, async () => {
    const alone = await withFile(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
    setOnServer(alone, true);
    assert.deepEqual(await actsOf(alone), []);
    alone.write(file, "edited here");
    assert.deepEqual(await actsOf(alone), ["sent put"]);
    alone.move(file, "keys/moved.txt");
    assert.deepEqual(await actsOf(alone), ["sent move"]);
    assert.deepEqual(both(alone, ["keys", "keys/moved.txt"]), [
      [false, true],
      [false, true],
    ]);
    alone.close();
  });
}

test("if the umask makes everything private, only files created there are private for others", async () => {
  const alone = new Alone({ missingFeatures: ["open modes"], devices: 1, isLastWhole: false });
  alone.putOnServer("theirs", { parent_id: alone.world.model.rootId, name: "theirs" });
  alone.write("mine", "mine");
  chmod(alone, true, ["mine"]);
  assert.ok((await alone.once()).inSync);
  chmod(alone, true, ["theirs"]);
  alone.write("theirs", "edited here");
  assert.deepEqual(await actsOf(alone), ["sent put"]);
  assert.deepEqual(both(alone, ["mine", "theirs"]), [
    [true, true],
    [true, false],
  ]);
  chmod(alone, false, ["mine"]);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone, ["mine"]), [[false, false]]);
  alone.close();
});

test("a file private because of another umask does not count as made private, and a new version keeps its mode", async () => {
  const alone = new Alone();
  alone.putOnServer("theirs", { parent_id: alone.world.model.rootId, name: "theirs" });
  const whole = alone.disk();
  const disk = new Proxy(whole, {
    get: (target, name) =>
      name === "create"
        ? (...[path, parts, attributes]: Parameters<LocalDisk["create"]>) =>
            whole.create(path, parts, { ...attributes, isPrivate: true })
        : (Reflect.get(target, name) as unknown),
  });
  await alone.once({ disk, missingFeatures: new Set(["open modes"]) });
  assert.deepEqual(both(alone, ["theirs"]), [[true, false]]);
  assert.deepEqual(await actsOf(alone), []);
  alone.writeOnServer("theirs", "next");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone, ["theirs"]), [[true, false]]);
  chmod(alone, false, ["theirs"]);
  assert.deepEqual(await actsOf(alone), []);
  chmod(alone, true, ["theirs"]);
  assert.deepEqual(await actsOf(alone), ["sent set"]);
  alone.close();
});

test("a copy made private and not sent yet is not freed for its space", async () => {
  const alone = await withFile();
  chmod(alone, true, [file]);
  const engine = alone.make();
  engine.exclude([file], { freeSpace: true });
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 1_000_000, () => false);
  await alone.pass(engine.runOnce());
  assert.deepEqual(both(alone, [file]), [[true, false]]);
  alone.close();
});

test("an older server is sent no privacy, nothing becomes public for it, and its upgrade receives everything", async () => {
  const alone = new Alone();
  alone.mkdir("keys");
  alone.write(file, "old");
  chmod(alone, true);
  const server = withoutPrivacy(alone.server());
  for (const text of ["old", "newer"]) {
    alone.write(file, text);
    assert.ok((await alone.once({ server })).inSync);
  }
  assert.deepEqual(both(alone), [
    [true, false],
    [true, false],
  ]);
  alone.putOnServer("unrelated", { parent_id: alone.world.model.rootId, name: "unrelated" });
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("after a restore of a server from before a change of privacy, local privacy is sent again", async () => {
  const alone = await withFile();
  const backup = alone.world.model.backUp();
  chmod(alone, true);
  assert.ok((await alone.once()).inSync);
  alone.world.model.restore(backup);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a state of an older version sends nothing and changes no mode, except for private items", async () => {
  const world = new Shared("editor");
  world.ownerMakes("inner");
  world.ownerPuts("deep.txt", "deep", "inner");
  await world.once();
  const { database } = world.world.devices[0] ?? assert.fail();
  const makeOld = (): void => {
    if (database.isTransaction) database.exec("commit");
    database.exec("drop index if exists remote_rows_untold");
    for (const name of ["remote_rows", "local_rows", "synced_rows"])
      database.exec(`alter table ${name} drop column private`);
    database.exec("delete from settings where key = 'privacy'");
  };
  makeOld();
  assert.deepEqual(await actsOf(world), []);
  makeOld();
  chmod(world, true, ["docs/inner"]);
  world.owner({ op: "set", file_id: "node deep.txt", private: true });
  assert.deepEqual((await actsOf(world)).toSorted(), ["docs/inner/deep.txt closed", "sent set"]);
  assert.equal(world.world.model.nodes.get("inner")?.isPrivate, true);
  world.close();
});

test("in a read-only folder the server's privacy applies, and local privacy stays and is not sent", async () => {
  const world = new Shared("viewer");
  await world.once();
  const [path, id] = ["docs/a.txt", "node a.txt"];
  const isPrivate = (): boolean => world.root.mustBeAt(path).now.isPrivate;
  world.owner({ op: "set", file_id: id, private: true });
  assert.deepEqual([await actsOf(world), isPrivate()], [[`${path} closed`], true]);
  world.owner({ op: "set", file_id: id, private: false });
  assert.deepEqual([await actsOf(world), isPrivate()], [[`${path} opened`], false]);
  chmod(world, true, [path]);
  assert.deepEqual([await actsOf(world), await world.problems(), isPrivate()], [[], [], true]);
  assert.equal(world.world.model.nodes.get(id)?.isPrivate, false);
  world.ownerPuts("a.txt", "second");
  assert.deepEqual([await actsOf(world), world.onDisk()[path], isPrivate()], [[], "second", true]);
  world.close();
});
