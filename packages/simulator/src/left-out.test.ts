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
  test(`what was sent without an answer, left out${freeSpace ? " to free its space" : ""} and wanted again is not deleted`, async () => {
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

test("a version that was sent without an answer stays when its file was left out and something else has its name", async () => {
  const alone = new Alone();
  alone.write("f", "f");
  await alone.once();
  alone.write("f", "new");
  await alone.diesUnanswered();
  await leaveOut(alone, "f", true);
  alone.mkdir("f");
  await wantAgain(alone, "f");
  await wantAgain(alone, "f");
  const copy = "f (ada's conflicted copy 2027-01-15)";
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

test("a version that was sent without an answer stops nothing when its file was left out, removed here, and moved to where it shows", async () => {
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

test("what is wanted again before its space was freed stays, also when it is left out once more", async () => {
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
