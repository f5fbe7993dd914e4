import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

async function leaveOut(alone: Alone, path: string, freeSpace: boolean): Promise<void> {
  const engine = alone.make();
  engine.exclude([path], { freeSpace });
  await alone.pass(engine.runOnce());
}

async function wantAgain(alone: Alone, path: string): Promise<void> {
  const engine = alone.make();
  engine.include([path]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
}

for (const freeSpace of [false, true]) {
  test(`an unconfirmed upload, excluded${freeSpace ? " to free its space" : ""} and included again, is not deleted`, async () => {
    const alone = new Alone();
    alone.write("f", "f");
    await alone.diesUnanswered();
    const id = alone.serverId("f");
    await leaveOut(alone, "f", freeSpace);
    assert.deepEqual(alone.diskPaths(), freeSpace ? [] : ["f"]);
    await wantAgain(alone, "f");
    assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["f"], ["f"]]);
    assert.equal(alone.serverId("f"), id);
    alone.close();
  });
}

test("an unconfirmed version is kept when its file was excluded and another item has its name", async () => {
  const alone = new Alone();
  alone.write("f", "f");
  await alone.once();
  alone.write("f", "new");
  await alone.diesUnanswered();
  await leaveOut(alone, "f", true);
  alone.mkdir("f");
  await wantAgain(alone, "f");
  await wantAgain(alone, "f");
  const copy = "f (unknown device's conflicted copy 2027-01-15)";
  assert.deepEqual(
    [alone.serverPaths(), alone.diskPaths()],
    [
      ["f", copy],
      ["f", copy],
    ],
  );
  assert.equal(alone.serverContents().get(copy), "new");
  alone.close();
});

test("an unconfirmed version of a file that was excluded, removed and moved back into view stops nothing", async () => {
  const alone = new Alone();
  alone.write("f", "f");
  await alone.once();
  alone.write("f", "new");
  await alone.diesUnanswered();
  await leaveOut(alone, "f", false);
  alone.writeOnServer("f", "newer");
  const id = alone.serverId("f");
  alone.remove("f");
  alone.moveOnServer(id, "g");
  for (let round = 0; round < 2; round += 1) assert.ok((await alone.once()).inSync);
  assert.deepEqual([alone.serverPaths(), alone.diskPaths()], [["g"], ["g"]]);
  assert.equal(alone.read("g"), "newer");
  assert.equal(alone.serverId("g"), id);
  alone.close();
});

test("a file included again before its space was freed stays, even if it is excluded once more", async () => {
  const alone = new Alone();
  alone.write("f", "f");
  await alone.once();
  const engine = alone.make();
  engine.exclude(["f"], { freeSpace: true });
  engine.include(["f"]);
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  assert.equal(alone.root.at(".holdfast/trash/2027-01-15"), undefined);
  await leaveOut(alone, "f", false);
  assert.deepEqual(alone.diskPaths(), ["f"]);
  alone.close();
});

/** @param ends the process ends when the space is freed */
async function freeWhileMoved(alone: Alone, ends: boolean): Promise<void> {
  const disk = alone.disk();
  const freed = Promise.withResolvers<void>();
  const rename: typeof disk.rename = async (from, to) => {
    await disk.rename(from, to);
    if (from !== "d/c/a") return;
    alone.move("d/c", "d/b");
    freed.resolve();
    if (ends) await new Promise(() => undefined);
  };
  const engine = alone.make({ disk: { ...disk, rename } });
  engine.exclude(["d/c/a"], { freeSpace: true });
  const run = engine.runOnce();
  await alone.pass<unknown>(ends ? freed.promise : run);
}

for (const [what, ends, isUnanswered] of [
  ["", false, false],
  [", also when the process ends then", true, false],
  [", also when no answer comes to the move", true, true],
] as const) {
  test(`a file whose space is freed while its folder moves is not deleted${what}`, async () => {
    const alone = new Alone();
    alone.mkdir("d");
    alone.mkdir("d/c");
    alone.write("d/c/a", "a");
    await alone.once();
    await freeWhileMoved(alone, ends);
    if (isUnanswered) await alone.diesUnanswered();
    await alone.once();
    await wantAgain(alone, "d/c/a");
    await alone.once();
    assert.deepEqual(alone.serverPaths(), ["d", "d/b", "d/b/a"]);
    assert.deepEqual(alone.diskPaths(), ["d", "d/b", "d/b/a"]);
    alone.close();
  });
}
