import assert from "node:assert/strict";
import { test } from "node:test";
import { Alone } from "./alone.ts";

const names = Array.from({ length: 60 }, (_, index) => `folder/${index}`).toSorted();
const brake = undefined;

async function withFolder(alone = new Alone()): Promise<Alone> {
  alone.mkdir("folder");
  for (const name of names) alone.write(name, `this is ${name}`);
  assert.ok((await alone.once({ brake })).inSync);
  return alone;
}

function removeHere(alone: Alone): void {
  for (const name of names) alone.remove(name);
  alone.root.remove("folder", true);
}

function approveAll(alone: Alone): string[] {
  const brakes = alone.brakes();
  const ids = brakes.waiting().map(({ id }) => id);
  brakes.approve(ids);
  return ids;
}

test("deletions approved and withdrawn between two runs wait again, and an undo restores the files", async () => {
  const alone = await withFolder();
  removeHere(alone);
  const { deletionsWaiting } = await alone.once({ brake });
  assert.equal(deletionsWaiting, 61);
  const ids = approveAll(alone);
  const brakes = alone.brakes();
  assert.deepEqual([brakes.waiting().length, brakes.approved().map(({ path }) => path)], [0, ["folder", ...names]]);
  assert.deepEqual(brakes.withdraw(ids), new Set(ids));
  assert.equal(brakes.approved().length, 0);
  assert.equal((await alone.once({ brake })).deletionsWaiting, 61);
  assert.equal(alone.serverPaths().length, 61);
  alone.brakes().undo(ids);
  assert.deepEqual(await alone.once({ brake }), { inSync: true, problems: [], deletionsWaiting: 0 });
  assert.deepEqual(
    [alone.diskPaths(), alone.serverPaths()],
    [
      ["folder", ...names],
      ["folder", ...names],
    ],
  );
  alone.close();
});

test("a withdrawn approval is not sent to the server, and other devices still ask", async () => {
  const one = await withFolder(new Alone({ devices: 2 }));
  const other = one.other();
  await other.once({ brake });
  one.onServer({ op: "delete", operation_id: "another's", file_id: one.serverId("folder") });
  for (const each of [one, other]) assert.equal((await each.once({ brake })).deletionsWaiting, 61);
  const ids = approveAll(one);
  one.brakes().withdraw(ids);
  for (const each of [one, other]) assert.equal((await each.once({ brake })).deletionsWaiting, 61);
  one.brakes().undo(ids);
  for (const each of [one, other]) {
    assert.deepEqual(await each.once({ brake }), { inSync: true, problems: [], deletionsWaiting: 0 });
    assert.deepEqual(each.diskPaths(), ["folder", ...names]);
  }
  assert.equal(one.serverPaths().length, 61);
  one.close();
});

test("the approval of a deletion that was sent and not confirmed cannot be withdrawn", async () => {
  const alone = await withFolder();
  removeHere(alone);
  await alone.once({ brake });
  const ids = approveAll(alone);
  await alone.diesUnanswered({ brake });
  assert.deepEqual([alone.serverPaths(), alone.brakes().approved(), alone.brakes().withdraw(ids).size], [[], [], 0]);
  assert.ok((await alone.once({ brake })).inSync);
  alone.close();
});

test("withdrawing the approval of rewritten files restores the server's versions", async () => {
  const alone = await withFolder();
  for (const name of names) alone.write(name, "");
  await alone.once({ brake });
  const ids = approveAll(alone);
  assert.deepEqual(
    alone
      .brakes()
      .approved()
      .map(({ what }) => what),
    names.map(() => "rewrite"),
  );
  const brakes = alone.brakes();
  assert.equal(brakes.withdraw(ids).size, 60);
  brakes.undo(ids);
  assert.deepEqual(await alone.once({ brake }), { inSync: true, problems: [], deletionsWaiting: 0 });
  for (const name of names) assert.equal(alone.read(name), `this is ${name}`);
  alone.close();
});
