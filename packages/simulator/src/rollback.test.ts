import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { BatchResult, Server } from "@holdfast/sync-ports/ports";
import { SyncState } from "@holdfast/sync/state/sync-state";
import { Alone } from "./alone.ts";
import { Shared } from "./shared.ts";
import { hourMicros, names, onServer, restore, setTime, withVersions } from "./testing-versions.ts";

for (const answer of ["undo", "approve"] as const) {
  test(`a restored backup waits, with the files that it lacks, until a person answers ${answer}`, async () => {
    const alone = await withVersions(20);
    for (const name of names(20)) {
      restore(alone, name);
      alone.remove(`new ${name}`);
    }
    alone.write("beside", "beside");
    const engine = alone.make({ brake: undefined });
    const { problems, deletionsWaiting } = await alone.pass(engine.runOnce());
    assert.deepEqual([problems.map(({ code }) => code), deletionsWaiting], [["rolled_back"], 20]);
    assert.deepEqual(
      ["today's", "new", "beside"].map((prefix) => onServer(alone, prefix)),
      [20, 20, 1],
    );
    const waiting = engine.waitingDeletions();
    assert.deepEqual(waiting.map(({ what, why }) => `${what} ${why}`).toSorted(), [
      ...Array.from({ length: 20 }, () => "deletion many"),
      ...Array.from({ length: 20 }, () => "rewrite rollback"),
    ]);
    const ids = waiting.map(({ id }) => id);
    if (answer === "undo") engine.undoDeletions(ids);
    else engine.approveDeletions(ids);
    assert.deepEqual(await alone.pass(engine.runOnce()), { inSync: true, problems: [], deletionsWaiting: 0 });
    const left = answer === "undo" ? [0, 20, 20] : [20, 0, 0];
    assert.deepEqual(
      ["yesterday's", "today's", "new"].map((prefix) => onServer(alone, prefix)),
      left,
    );
    for (const [path, text] of alone.serverContents()) assert.equal(alone.read(path), text);
    if (answer === "undo") await inLocalTrash(alone, 20);
    alone.close();
  });
}

/** Asserts that the replaced bytes are in the local trash after their rest period. */
async function inLocalTrash(alone: Alone, count: number): Promise<void> {
  alone.world.scheduler.nowMicros += hourMicros;
  await alone.once({ brake: undefined });
  const trashed = [...alone.root.below(".holdfast/trash").values()].filter(({ kind }) => kind === "file");
  const texts = trashed.map(({ now }) => Buffer.from(now.bytes).toString());
  assert.equal(texts.filter((text) => text.startsWith("yesterday's")).length, count);
}

for (const [ageMicros, count, when] of [
  [25 * hourMicros, 4, "their old times"],
  [0, 12, "the time of now"],
] as const) {
  test(`on a device that never saw the versions of a restored backup, files with ${when} wait too`, async () => {
    const alone = await withVersions(count, 2);
    const fresh = alone.other();
    assert.ok((await fresh.once({ brake: undefined })).inSync);
    fresh.world.scheduler.nowMicros += hourMicros;
    for (const name of names(count)) restore(fresh, name, ageMicros);
    fresh.remove("new file 0");
    fresh.write("file 0", "a new text");
    const { problems, deletionsWaiting } = await fresh.once({ brake: undefined });
    assert.deepEqual([problems.map(({ code }) => code), deletionsWaiting], [["rolled_back"], 1]);
    assert.deepEqual(
      ["yesterday's", "today's", "a new text", "new"].map((prefix) => onServer(alone, prefix)),
      [0, count - 1, 1, count],
    );
    fresh.close();
  });
}

test("only a few of many edited files are checked, each once", async () => {
  const alone = await withVersions(30, 2);
  const fresh = alone.other();
  await fresh.once({ brake: undefined });
  for (const name of names(30)) fresh.write(name, `edited ${name}`);
  const asked: string[] = [];
  const server = fresh.server();
  const versionWith: Server["versionWith"] = (id, content) => {
    asked.push(content);
    return server.versionWith(id, content);
  };
  assert.ok((await fresh.once({ brake: undefined, server: { ...server, versionWith } })).inSync);
  assert.deepEqual([onServer(fresh, "edited"), asked.length, new Set(asked).size], [30, 10, 10]);
  fresh.close();
});

test("two files that return to old versions with old times are sent, and so are nine with the present time", async () => {
  const alone = await withVersions(11);
  restore(alone, "file 0");
  restore(alone, "file 1");
  alone.remove("new file 0");
  for (const name of names(9).slice(2)) restore(alone, name, 0);
  assert.deepEqual(await alone.once({ brake: undefined }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.equal(onServer(alone, "yesterday's"), 9);
  restore(alone, "file 9", 0);
  assert.deepEqual(
    (await alone.once({ brake: undefined })).problems.map(({ code }) => code),
    ["rolled_back"],
  );
  assert.equal(onServer(alone, "yesterday's"), 9);
  assert.ok((await alone.once({ brake: "off" })).inSync);
  alone.close();
});

test("a deletion long after files went back, while those still wait, is sent as usual", async () => {
  const alone = await withVersions(5);
  for (const name of names(3)) restore(alone, name);
  assert.equal((await alone.once({ brake: undefined })).problems.length, 1);
  alone.remove("new file 0");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 1);
  alone.world.scheduler.nowMicros += hourMicros;
  alone.remove("new file 1");
  assert.equal((await alone.once({ brake: undefined })).deletionsWaiting, 1);
  assert.equal(onServer(alone, "new"), 4);
  alone.close();
});

for (const [what, damage] of Object.entries<(alone: Alone, name: string) => void>({
  "became empty": (alone, name) => alone.write(name, ""),
  "are zeros now": (alone, name) => alone.write(name, "\0".repeat(20)),
  "changed without a new time": (alone, name) => {
    const { mtimeNs } = alone.root.mustBeAt(name).now;
    alone.write(name, `other bytes ${name}`);
    setTime(alone, name, mtimeNs);
  },
})) {
  test(`five files that ${what} wait, and four are sent`, async () => {
    const alone = await withVersions(9);
    for (const name of names(4)) damage(alone, name);
    assert.ok((await alone.once({ brake: undefined })).inSync);
    assert.equal(onServer(alone, "today's"), 5);
    const listed = alone.make({ brake: undefined });
    await alone.pass(listed.runOnce());
    const codes = listed.status().problems.map(({ path, code }) => `${code} ${path}`);
    assert.deepEqual(
      codes.toSorted(),
      names(4).map((name) => `maybe_damaged ${name}`),
    );
    alone.world.scheduler.nowMicros += hourMicros;
    for (const name of names(9).slice(4)) damage(alone, name);
    const engine = alone.make({ brake: undefined });
    const { problems } = await alone.pass(engine.runOnce());
    assert.ok(problems.some(({ code }) => code === "damaged"));
    assert.equal(onServer(alone, "today's"), 5);
    engine.undoDeletions(engine.waitingDeletions().map(({ id }) => id));
    assert.ok((await alone.pass(engine.runOnce())).inSync);
    for (const name of names(9).slice(4)) assert.equal(alone.read(name), `today's ${name}`);
    alone.close();
  });
}

async function codesOf(alone: Alone): Promise<string[]> {
  return (await alone.once({ brake: undefined })).problems.map(({ code }) => code);
}

for (const damage of [undefined, ""] as const) {
  const what = damage === undefined ? "today's bytes" : "files that were emptied on purpose";
  test(`after a restore of the server, ${what} are the newest here, and do not wait`, async () => {
    const alone = new Alone();
    for (const name of names(12)) alone.write(name, `yesterday's ${name}`);
    await alone.once({ brake: undefined });
    const backup = alone.world.model.backUp();
    alone.world.scheduler.nowMicros += 24 * hourMicros;
    for (const name of names(12)) alone.write(name, damage ?? `today's ${name}`);
    await alone.once({ brake: "off" });
    alone.world.scheduler.nowMicros += hourMicros;
    alone.world.model.restore(backup);
    assert.deepEqual(
      (await codesOf(alone)).filter((code) => code !== "maybe_damaged"),
      [],
    );
    assert.deepEqual(
      new Set(alone.serverContents().values()),
      new Set(names(12).map((name) => damage ?? `today's ${name}`)),
    );
    alone.close();
  });
}

test("an approved change stays approved even if it would be judged differently now", async () => {
  const alone = await withVersions(5);
  for (const name of names(5)) {
    const { mtimeNs } = alone.root.mustBeAt(name).now;
    alone.write(name, `yesterday's ${name}`);
    setTime(alone, name, mtimeNs);
  }
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  assert.ok(engine.waitingDeletions().every(({ why }) => why === "damage"));
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  for (const name of names(5)) setTime(alone, name, alone.root.mustBeAt(name).now.mtimeNs - 1_000_000_000n);
  assert.deepEqual(await codesOf(alone), []);
  assert.equal(onServer(alone, "yesterday's"), 5);
  alone.close();
});

test("files also changed on the server do not count towards deletions: they are conflicts", async () => {
  const alone = await withVersions(14);
  for (const name of names(10)) {
    restore(alone, name);
    alone.writeOnServer(name, `another's ${name}`);
  }
  alone.remove("new file 0");
  const { deletionsWaiting } = await alone.once({ brake: undefined });
  assert.deepEqual([deletionsWaiting, onServer(alone, "new")], [0, 13]);
  alone.close();
});

test("approved changes that cannot be sent yet make no later deletion wait", async () => {
  const alone = await withVersions(5);
  for (const name of names(3)) restore(alone, name);
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  engine.approveDeletions(engine.waitingDeletions().map(({ id }) => id));
  await alone.once({ brake: undefined, server: withoutRoom(alone) });
  alone.remove("new file 4");
  const { deletionsWaiting } = await alone.once({ brake: undefined, server: withoutRoom(alone) });
  assert.deepEqual([deletionsWaiting, onServer(alone, "new")], [0, 4]);
  alone.close();
});

function withoutRoom(alone: Alone): Server {
  const server = alone.server();
  const commit: Server["commit"] = async (epoch, operations, blocks) => {
    const puts = operations.filter(({ op }) => op === "put");
    const others = operations.filter(({ op }) => op !== "put");
    const { results, seq } = await server.commit(epoch, others, blocks);
    const refused = puts.map(({ operation_id }): BatchResult => ({ operation_id, status: "error", code: "quota" }));
    return { results: [...results, ...refused], seq };
  };
  return { ...server, commit };
}

test("files that go back in a read-only share make no deletion of this account wait", async () => {
  const world = new Shared("editor");
  for (const name of names(10)) world.ownerPuts(name, `yesterday's ${name}`);
  world.write("mine", "mine");
  await world.once({ brake: undefined });
  for (const name of names(10)) world.ownerPuts(name, `today's ${name}`);
  await world.once({ brake: undefined });
  world.grant("viewer");
  await world.once({ brake: undefined });
  for (const name of names(10)) world.write(`docs/${name}`, `yesterday's ${name}`);
  await world.once({ brake: undefined });
  world.remove("mine");
  assert.equal((await world.once({ brake: undefined })).deletionsWaiting, 0);
  world.close();
});

test("an approved file stays approved under another time and name, and a waiting one is checked under them", async () => {
  const alone = await withVersions(9);
  for (const name of names(4)) restore(alone, name);
  const engine = alone.make({ brake: undefined });
  await alone.pass(engine.runOnce());
  const [first, ...others] = engine.waitingDeletions().map(({ id }) => id);
  engine.undoDeletions(others.slice(0, 2));
  engine.approveDeletions(others.slice(2));
  assert.ok(first !== undefined);
  const last = "file 3";
  setTime(alone, last, alone.root.mustBeAt(last).now.mtimeNs + 7_000_000n);
  alone.move(last, "approved");
  alone.move("file 0", "moved");
  const next = alone.make({ brake: undefined });
  await alone.pass(next.runOnce());
  assert.deepEqual(
    next.waitingDeletions().map(({ path }) => path),
    ["moved"],
  );
  assert.deepEqual(alone.serverContents().get("approved"), "yesterday's file 3");
  assert.deepEqual(alone.serverContents().get("moved"), "today's file 0");
  alone.close();
});

test("logs rotated by copying every night are not considered damage", async () => {
  const alone = new Alone();
  for (const name of names(12)) alone.write(name, "");
  await alone.once({ brake: undefined });
  for (let night = 0; night < 3; night += 1) {
    for (const name of names(12)) alone.write(name, `lines of day ${night} in ${name}`);
    alone.world.scheduler.nowMicros += hourMicros;
    assert.deepEqual(await codesOf(alone), []);
    for (const name of names(12)) {
      alone.write(`${name}.${night}`, alone.read(name));
      alone.write(name, "");
    }
    alone.world.scheduler.nowMicros += 23 * hourMicros;
    assert.deepEqual(await codesOf(alone), []);
  }
  alone.close();
});

test("unknown files with former content of the server get its newest version without a copy", async () => {
  const alone = new Alone({ devices: 2 });
  const restored = alone.other();
  for (const day of ["first", "second", "third"]) {
    alone.write("notes", `${day} notes`);
    alone.write("plan", `${day} plan`);
    alone.write("sub.txt", "the only one");
    assert.ok((await alone.once()).inSync);
    alone.world.scheduler.nowMicros += hourMicros;
  }
  restored.write("notes", "first notes");
  restored.write("plan", "a plan of its own");
  restored.write("sub.txt", "the only one");
  for (const own of [".holdfast", ".holdfast/tmp", ".holdfast/trash"]) restored.mkdir(own);
  const unknown = new SyncState(new DatabaseSync(":memory:"), restored.world.model.rootId as NodeId);
  const previewed = await restored.pass(restored.make({ state: unknown }).preview());
  assert.deepEqual(previewed.changes.map(({ what, path }) => `${what} ${path.replace(/ \(.*/, "")}`).toSorted(), [
    "change notes",
    "change plan",
    "copy aside plan",
    "create plan",
  ]);
  assert.deepEqual(await restored.once(), { inSync: true, problems: [], deletionsWaiting: 0 });
  const paths = restored.diskPaths();
  const copy = paths.find((path) => path.startsWith("plan (")) ?? assert.fail(String(paths));
  assert.deepEqual([...paths].toSorted(), ["notes", "plan", copy, "sub.txt"].toSorted());
  assert.deepEqual(
    ["notes", "plan", "sub.txt", copy].map((path) => restored.read(path)),
    ["third notes", "third plan", "the only one", "a plan of its own"],
  );
  assert.deepEqual([...restored.serverContents().keys()].toSorted(), paths.toSorted());
  restored.close();
});

test("an older version in a read-only folder is not quarantined, and other bytes are", async () => {
  const guest = new Shared("viewer");
  guest.ownerPuts("a.txt", "second");
  guest.ownerPuts("b.txt", "first");
  guest.root.create("docs", "folder", true);
  guest.write("docs/a.txt", "first");
  guest.write("docs/b.txt", "of the guest");
  await guest.once();
  assert.deepEqual(guest.onDisk(), { docs: "/", "docs/a.txt": "second", "docs/b.txt": "first" });
  assert.deepEqual(guest.aside("quarantine"), { "docs/b.txt": "of the guest" });
  guest.close();
});
