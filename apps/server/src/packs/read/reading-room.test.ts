import assert from "node:assert/strict";
import { test } from "node:test";
import { ReadingRoom } from "./reading-room.ts";

function openRoom() {
  const clock = { nowMs: 0 };
  const room = new ReadingRoom({ totalBytes: 100, shareBytes: 40, stalledMs: 30, nowMs: () => clock.nowMs });
  const cuts: string[] = [];
  const open = (key: string, name = key) => {
    const answer = {
      ...room.open(key, () => {
        cuts.push(name);
        for (const release of answer.held.splice(0)) release();
      }),
      held: [] as (() => void)[],
    };
    return answer;
  };
  return { clock, room, cuts, open };
}

async function isThere(promise: Promise<unknown>): Promise<boolean> {
  let there = false;
  void promise.then(() => (there = true));
  await new Promise(setImmediate);
  return there;
}

test("reads above the total or the account's share wait in turn, and reads of other accounts pass", async () => {
  const { open } = openRoom();
  const [one, two, three, four] = [open("a"), open("a"), open("b"), open("c")];
  const first = await one.take(30);
  const second = two.take(20);
  assert.equal(await isThere(second), false);
  const third = await three.take(40);
  const fourth = four.take(40);
  assert.equal(await isThere(fourth), false);
  first();
  first();
  assert.equal(await isThere(fourth), true);
  assert.equal(await isThere(second), true);
  third();
  assert.equal(await isThere(open("d").take(1000)), true);
});

test("an account without reads is served before others that wait for more", async () => {
  const { open } = openRoom();
  const [one, two, three] = [open("a"), open("b"), open("c")];
  await one.take(35);
  await two.take(35);
  const last = await three.take(30);
  const greedy = one.take(5);
  const modest = open("d").take(30);
  last();
  assert.equal(await isThere(modest), true);
  assert.equal(await isThere(greedy), false);
});

test("reading ahead needs plenty of room and an empty queue", async () => {
  const { open } = openRoom();
  const one = open("a");
  assert.notEqual(one.takeAhead(20), undefined);
  assert.equal(one.takeAhead(1), undefined);
  assert.notEqual(open("b").takeAhead(20), undefined);
  assert.equal(open("c").takeAhead(20), undefined);
});

test("stalled reads are cut once others wait for their room, the longest stalled first", async () => {
  const { clock, room, cuts, open } = openRoom();
  const answers = [open("a", "slow"), open("b", "slower"), open("c", "steady")];
  clock.nowMs = 5;
  for (const [index, answer] of answers.entries()) {
    clock.nowMs = [8, 5, 9][index] ?? 0;
    answer.held.push(await answer.take(33));
  }
  clock.nowMs = 1000;
  room.look();
  assert.deepEqual(cuts, [], "nobody waits");
  const waiting = open("d").take(30);
  answers[2]?.moved();
  assert.equal(await isThere(waiting), false);
  room.look();
  assert.deepEqual(cuts, ["slower"]);
  assert.equal(await isThere(waiting), true);
});

test("an account's own stalled reads make room for its next one, other accounts' reads do not", async () => {
  const { clock, room, cuts, open } = openRoom();
  const [other, own] = [open("b", "other"), open("a", "own")];
  other.held.push(await other.take(10));
  clock.nowMs = 1;
  own.held.push(await own.take(40));
  const waiting = open("a", "next").take(10);
  clock.nowMs = 30;
  room.look();
  assert.deepEqual(cuts, []);
  clock.nowMs = 31;
  room.look();
  assert.deepEqual(cuts, ["own"]);
  assert.equal(await isThere(waiting), true);
});

test("a read that waits for room does not count as a slow client", async () => {
  const { clock, room, cuts, open } = openRoom();
  const [both, full] = [open("a", "both"), open("b", "full")];
  both.held.push(await both.take(30));
  full.held.push(await full.take(40));
  const more = both.take(20);
  clock.nowMs = 100;
  full.moved();
  room.look();
  assert.deepEqual(cuts, []);
  assert.equal(await isThere(more), false);
});
