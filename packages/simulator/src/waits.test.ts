import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { Alone } from "./alone.ts";

const mib = 1024 * 1024;

test("a full disk of the state pauses the sync, which does not report the server and resumes automatically", async () => {
  const alone = new Alone();
  alone.write("one", "one");
  await alone.once();
  const database = alone.world.devices[0]?.database ?? assert.fail();
  const pages = () => Number(database.prepare("pragma page_count").get()?.["page_count"]);
  const engine = alone.make();
  const run = engine.run();
  database.exec(`commit; pragma max_page_count = ${pages()}; begin`);
  for (let number = 0; number < 200; number += 1) alone.write(`file ${number}`, `text ${number}`);
  const { scheduler } = alone.world;
  const isFull = () =>
    engine
      .status()
      .problems.some(({ message }) =>
        message.includes("configuration folder, which stores the state of the sync, is full"),
      );
  await scheduler.runUntil(scheduler.nowMicros + 60_000_000, isFull);
  assert.deepEqual([isFull(), engine.status().activity], [true, "waiting"]);
  database.exec("commit; pragma max_page_count = 1000000; begin");
  await scheduler.runUntil(scheduler.nowMicros + 600_000_000, () => engine.status().activity === "idle");
  assert.deepEqual([engine.status().problems, alone.serverPaths().length], [[], 201]);
  engine.stop();
  await alone.pass(run);
  alone.close();
});

test("a run on a full disk of the state fails for that reason, not as if the server were unreachable", async () => {
  const alone = new Alone();
  await alone.once();
  const database = alone.world.devices[0]?.database ?? assert.fail();
  const pages = Number(database.prepare("pragma page_count").get()?.["page_count"]);
  for (let number = 0; number < 200; number += 1) alone.write(`file ${number}`, `text ${number}`);
  const engine = alone.make();
  database.exec(`commit; pragma max_page_count = ${pages}; begin`);
  await assert.rejects(alone.pass(engine.runOnce()), { code: "failed", message: /state of the sync, is full/ });
  database.exec("commit; pragma max_page_count = 1000000; begin");
  assert.ok((await alone.once()).inSync);
  assert.equal(alone.serverPaths().length, 200);
  alone.close();
});

test("while the disk is full downloads wait, uploads continue, and the status reports it", async () => {
  const alone = new Alone();
  alone.write("big", "here for another device".repeat(20));
  await alone.once();
  alone.remove("big");
  // The deletion is undone elsewhere before this device sends it.
  const engine = alone.make({ freeSpace: async () => ({ freeBytes: 10 * mib + 100, totalBytes: 1000 * mib }) });
  alone.onServer({
    op: "move",
    operation_id: "another's",
    file_id: alone.serverId("big"),
    parent_id: alone.world.model.rootId,
    name: "moved",
  });
  alone.write("mine", "mine");
  const full = await alone.pass(engine.runOnce());
  assert.deepEqual(
    [full.inSync, full.problems.map(({ path, code }) => [path, code])],
    [false, [["moved", "store_full"]]],
    "what has no room is named",
  );
  assert.deepEqual([alone.diskPaths(), alone.serverPaths()], [["mine"], ["mine", "moved"]]);
  assert.equal(engine.status().activity, "waiting");
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.diskPaths(), ["mine", "moved"]);
  alone.close();
});

test("an emptied file is not sent before it has been unchanged for 2 s", async () => {
  const alone = new Alone();
  alone.write("a", "a long text");
  await alone.once();
  alone.write("a", "");
  const { scheduler } = alone.world;
  const begin = scheduler.nowMicros;
  const engine = alone.make();
  const run = engine.runOnce();
  await scheduler.runUntil(begin + 1_500_000, () => false);
  assert.equal(alone.serverContents().get("a"), "a long text");
  assert.ok((await alone.pass(run)).inSync);
  assert.equal(alone.serverContents().get("a"), "");
  alone.close();
});

test("an unreadable new file is listed, stops nothing else, and is sent once it is readable", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  alone.write("b", "b");
  alone.fails("a");
  const { inSync, problems } = await alone.once();
  assert.deepEqual([inSync, problems.map(({ path, code }) => [path, code])], [false, [["a", "unreadable"]]]);
  assert.deepEqual(alone.serverPaths(), ["b"]);
  alone.fails(undefined);
  assert.ok((await alone.once()).inSync);
  assert.deepEqual(alone.serverPaths(), ["a", "b"]);
  alone.close();
});

test("a run that had to wait removes its listeners when it has ended", async () => {
  const alone = new Alone();
  alone.write("a", "a");
  alone.fails("a");
  const held: ((error: HoldfastError) => void)[] = [];
  const poll = (): Promise<boolean> => new Promise((_, reject) => held.push(reject));
  const engine = alone.make({ server: { ...alone.server(), poll } });
  assert.equal((await alone.pass(engine.runOnce())).inSync, false);
  assert.equal(held.length, 1, "it listened while it waited");
  for (const end of held) end(new HoldfastError("failed", "The connection to the server was closed on this side."));
  const { scheduler } = alone.world;
  await scheduler.runUntil(scheduler.nowMicros + 600_000_000, () => false);
  assert.equal(held.length, 1);
  assert.deepEqual(
    engine.status().problems.map(({ path, code }) => [path, code]),
    [["a", "unreadable"]],
  );
  alone.fails(undefined);
  assert.ok((await alone.once()).inSync);
  alone.close();
});
