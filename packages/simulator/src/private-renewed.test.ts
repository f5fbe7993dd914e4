import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { LocalDisk, Server } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";
import { actsOf, both, chmod, closed, file, inSteps, withFile } from "./testing-privacy.ts";

function saveAnew(alone: Alone, path: string, text: string): void {
  alone.write(`${path}.new`, text);
  alone.world.ledger.discard(alone.root, alone.root.mustBeAt(path));
  alone.root.rename(`${path}.new`, path, { over: true, isPersons: true });
}

async function withClosed(alone?: Alone): Promise<Alone> {
  const made = await withFile(alone);
  chmod(made, true);
  assert.ok((await made.once()).inSync);
  return made;
}

test("a program that replaces a private file by a public one does not publish it; it is made private before sending", async () => {
  const alone = await withClosed(new Alone({ devices: 2 }));
  const other = alone.other();
  assert.ok((await other.once()).inSync);
  saveAnew(alone, file, "saved");
  assert.deepEqual(await actsOf(alone), [`${file} closed`, "sent put"]);
  assert.deepEqual(await actsOf(other), []);
  assert.deepEqual([both(alone), both(other), other.read(file)], [closed, closed, "saved"]);
  alone.close();
});

test("a new public file with the same bytes is also made private, and so is a recreated folder", async () => {
  const alone = await withClosed();
  saveAnew(alone, file, "old");
  assert.deepEqual(await actsOf(alone), [`${file} closed`]);
  alone.remove(file);
  alone.remove("keys");
  alone.mkdir("keys");
  alone.write(file, "again");
  const acts = await actsOf(alone);
  assert.deepEqual(acts, ["keys closed", `${file} closed`, "sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a file deleted and rewritten under its name within a minute is as private as before", async () => {
  const alone = await withClosed();
  const id = alone.serverId(file);
  await inSteps(alone, [() => alone.remove(file), () => alone.write(file, "again")]);
  assert.equal(alone.serverId(file), id);
  assert.deepEqual([both(alone), alone.serverContents().get(file)], [closed, "again"]);
  alone.close();
});

for (const missingFeatures of [[], ["stable inodes"]] as const) {
  const disk = missingFeatures.length === 0 ? "" : ", on a disk with unstable inode numbers";
  test(`a person makes a private file public by its mode, even after it was saved anew${disk}`, async () => {
    const alone = await withClosed(new Alone({ missingFeatures, devices: 1, isLastWhole: false }));
    saveAnew(alone, file, "saved");
    assert.deepEqual(await actsOf(alone), [`${file} closed`, "sent put"]);
    chmod(alone, false, [file]);
    assert.deepEqual(await actsOf(alone), ["sent set"]);
    assert.deepEqual(both(alone, [file]), [[false, false]]);
    alone.close();
  });
}

test("a new file made private, and public again by a power loss before it was sent, is made private again", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  saveAnew(alone, file, "saved");
  await alone.pass(alone.disk().syncFile(file));
  await alone.pass(alone.disk().syncFolder("keys"));
  chmod(alone, true, [file]);
  const engine = alone.make({ boot: "first", disk: dyingAt(alone, file) });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, () => false);
  alone.root.crash(() => 1);
  assert.equal(alone.root.mustBeAt(file).now.isPrivate, false);
  engine.stop();
  await alone.pass(run);
  assert.deepEqual(await actsOf(alone, { boot: "second" }), [`${file} closed`, "sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

/**
 * Replaces the private file by a new one, makes it private, and cuts the power after the first scan, before anything
 * else is durable.
 */
async function cutAfterFirstScan(alone: Alone): Promise<void> {
  saveAnew(alone, file, "saved");
  await alone.pass(alone.disk().syncFolder("keys"));
  chmod(alone, true, [file]);
  const engine = alone.make({ boot: "first" });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 1_000_000, () => engine.phase === "waiting");
  engine.stop();
  await alone.pass(run);
  alone.root.crash(() => 1);
  assert.equal(alone.root.mustBeAt(file).now.isPrivate, false);
}

test("a new file made private and scanned right after it was written is made private again after a power loss", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  await cutAfterFirstScan(alone);
  assert.deepEqual(await actsOf(alone, { boot: "second" }), [`${file} closed`, "sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a file is made private again even if the first process after the power loss ends before scanning", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  await cutAfterFirstScan(alone);
  const listChanges: Server["listChanges"] = () => Promise.reject(new HoldfastError("forbidden", "Not now."));
  await assert.rejects(alone.once({ boot: "second", server: { ...alone.server(), listChanges } }), {
    code: "forbidden",
  });
  assert.deepEqual(await actsOf(alone, { boot: "second" }), [`${file} closed`, "sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a file is made private again even if the first scan after the power loss cannot read it", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  await cutAfterFirstScan(alone);
  alone.fails(file);
  assert.equal((await alone.once({ boot: "second" })).inSync, false);
  alone.fails(undefined);
  assert.deepEqual(await actsOf(alone, { boot: "second" }), [`${file} closed`, "sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a file made public by a person before the client runs after a reboot stays public, even with a newer version", async () => {
  const alone = await withClosed();
  alone.writeOnServer(file, "newer");
  const manifests: Server["manifests"] = () => Promise.reject(new HoldfastError("forbidden", "Not now."));
  const server = { ...alone.server(), manifests };
  assert.equal((await alone.once({ boot: "first", server })).inSync, false);
  chmod(alone, false, [file]);
  assert.ok((await alone.once({ boot: "second" })).inSync);
  assert.deepEqual([both(alone, [file]), alone.read(file)], [[[false, false]], "newer"]);
  alone.close();
});

test("a new folder made private in place of a private one is private after a power loss", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  alone.remove(file);
  alone.remove("keys");
  alone.mkdir("keys");
  chmod(alone, true, ["keys"]);
  assert.ok((await alone.once({ boot: "first" })).inSync);
  alone.root.crash(() => 1);
  assert.ok((await alone.once({ boot: "second" })).inSync);
  assert.deepEqual(both(alone, ["keys"]), [[true, true]]);
  alone.close();
});

function dyingAt(alone: Alone, path: string): LocalDisk {
  const disk = alone.disk();
  const { scheduler } = alone.world;
  const syncFile: LocalDisk["syncFile"] = async (at) => {
    if (at === path) await scheduler.sleep(alone.life, 120_000_000);
    throw new HoldfastError("unavailable", "EIO");
  };
  return new Proxy(disk, {
    get: (target, name) => (name === "syncFile" ? syncFile : Reflect.get(target, name)) as unknown,
  });
}

test("a new long file made private, with unsent bytes, stays private after a power loss", async () => {
  const alone = await withClosed(new Alone({ isVolatile: true }));
  saveAnew(alone, file, "saved ".repeat(100));
  await alone.pass(alone.disk().syncFile(file));
  await alone.pass(alone.disk().syncFolder("keys"));
  chmod(alone, true, [file]);
  const putBlocks: Server["putBlocks"] = () => Promise.reject(new HoldfastError("forbidden", "Not now."));
  await assert.rejects(alone.once({ boot: "first", server: { ...alone.server(), putBlocks } }), { code: "forbidden" });
  alone.root.crash(() => 1);
  assert.deepEqual(await actsOf(alone, { boot: "second" }), ["sent put"]);
  assert.deepEqual(both(alone), closed);
  alone.close();
});

test("a preview makes no file public that was saved anew", async () => {
  const alone = await withClosed();
  saveAnew(alone, file, "saved");
  const { changes } = await alone.pass(alone.make().preview());
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    [`here set private ${file}`, `server change ${file}`],
  );
  alone.close();
});

test("a file saved anew while the response to its first upload is lost stays private", async () => {
  const alone = new Alone();
  alone.mkdir("keys");
  alone.write(file, "old");
  chmod(alone, true);
  await alone.diesUnanswered();
  saveAnew(alone, file, "saved");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual([both(alone), alone.serverContents().get(file)], [closed, "saved"]);
  alone.close();
});

test("a disk that begins to store modes, and shows everything as public, publishes nothing", async () => {
  const alone = await withClosed();
  assert.ok((await alone.once({ missingFeatures: new Set(["private modes"]) })).inSync);
  for (const path of ["keys", file]) alone.root.write(alone.root.mustBeAt(path), { isPrivate: false }, false);
  assert.deepEqual(await actsOf(alone), ["keys closed", `${file} closed`]);
  chmod(alone, false);
  assert.deepEqual(await actsOf(alone), ["sent set", "sent set"]);
  alone.close();
});

test("a file made public by a person while the server refused changes stays public when saved anew", async () => {
  const alone = await withClosed();
  chmod(alone, false, [file]);
  const refusing: Server["commit"] = async (_epoch, operations) => ({
    results: operations.map(({ operation_id }) => ({ operation_id, status: "error", code: "rate_limited" })),
    seq: 0,
  });
  const engine = alone.make({ server: { ...alone.server(), commit: refusing } });
  const run = engine.run();
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 10_000_000, () => false);
  engine.stop();
  await alone.pass(run);
  saveAnew(alone, file, "saved");
  assert.deepEqual(await actsOf(alone), ["sent put"]);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone, [file]), [[false, false]]);
  alone.close();
});

test("a person makes a folder public between two runs on a disk with unstable inode numbers", async () => {
  const alone = await withClosed(new Alone({ missingFeatures: ["stable inodes"], devices: 1, isLastWhole: false }));
  chmod(alone, false, ["keys"]);
  assert.deepEqual(await actsOf(alone), ["sent set"]);
  assert.deepEqual(both(alone, ["keys"]), [[false, false]]);
  alone.close();
});

/** Acts like `rm` and a new file that reuses the inode number. */
function removeAndWrite(alone: Alone, text: string): void {
  alone.write(file, text);
  alone.root.write(alone.root.mustBeAt(file), { isPrivate: false }, false);
}

test("a new public file with a private one's inode number is recognized by its birth time, and made private", async () => {
  const alone = await withClosed();
  removeAndWrite(alone, "written anew, open");
  Object.assign(alone.root.mustBeAt(file), { birthNs: 99n });
  assert.deepEqual(await actsOf(alone), [`${file} closed`, "sent put"]);
  assert.deepEqual(both(alone, [file]), [[true, true]]);
  alone.close();
});

test("without birth times, a new file with the old inode number stays private, and a person's mode counts", async () => {
  const alone = await withFile();
  Object.assign(alone.root.mustBeAt(file), { birthNs: 0n });
  alone.write(file, "older");
  chmod(alone, true, [file]);
  assert.ok((await alone.once()).inSync);
  removeAndWrite(alone, "written anew, open");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone, [file]), [[true, true]]);
  // The system reports it from now on.
  Object.assign(alone.root.mustBeAt(file), { birthNs: 77n });
  assert.ok((await alone.once()).inSync);
  chmod(alone, false, [file]);
  assert.deepEqual(await actsOf(alone), ["sent set"]);
  alone.close();
});

test("a person's public file at the former place of a private one, moved by another device, does not publish that", async () => {
  const alone = await withFile();
  chmod(alone, true, [file]);
  assert.ok((await alone.once()).inSync);
  alone.remove(file);
  alone.moveOnServer(alone.serverId(file), "id.txt");
  alone.write("id.txt", "mine");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(both(alone, ["id.txt"]), [[true, true]]);
  alone.close();
});
