import assert from "node:assert/strict";
import { test } from "node:test";
import { makeId, type SpaceId, toBucket } from "@holdfast/core/ids";
import { Deadlines } from "./deadlines.ts";
import { Load } from "./load.ts";
import { dispatchWakes, encodeWakes, queueWake, type Wake, WakeOutbox } from "./wakes.ts";
import { WakeGate } from "./wake-gate.ts";

const spaceOf = (seed: number) => makeId<SpaceId>(toBucket(1), seed, Buffer.alloc(8, seed));
const [a, b] = [spaceOf(1), spaceOf(2)];

test("the first wake-up passes immediately, and those of the next 200 ms together, per space", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const opened: SpaceId[] = [];
  const gate = new WakeGate((spaceId) => opened.push(spaceId), 200);
  for (let count = 0; count < 5; count++) gate.wake(a);
  gate.wake(b);
  assert.deepEqual(opened, [a, b]);
  t.mock.timers.tick(199);
  assert.deepEqual(opened, [a, b]);
  t.mock.timers.tick(1);
  assert.deepEqual(opened, [a, b, a]);
  gate.wake(a);
  gate.wake(b);
  assert.deepEqual(opened, [a, b, a, b], "the merged wake-up closes the gate like any other");
  t.mock.timers.tick(200);
  assert.deepEqual(opened, [a, b, a, b, a]);
  t.mock.timers.tick(200);
  gate.wake(a);
  assert.equal(opened.length, 6);
});

test("one interval serves all deadlines, and none runs without any", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 1000;
  t.mock.method(performance, "now", () => nowMs);
  const due: string[] = [];
  const lateness: number[] = [];
  const deadlines = new Deadlines<string>(
    (item) => {
      due.push(item);
      deadlines.remove(item, slots.get(item)!);
    },
    (ms) => lateness.push(ms),
  );
  const slots = new Map<string, number>();
  const add = (item: string, afterMs: number) => slots.set(item, deadlines.add(item, afterMs));
  const pass = (ms: number) => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  add("one", 1000);
  add("two", 1001);
  add("removed", 500);
  deadlines.remove("removed", slots.get("removed")!);
  for (let count = 0; count < 3; count++) pass(250);
  assert.deepEqual(due, []);
  pass(250);
  assert.deepEqual(due, ["one"]);
  pass(250);
  assert.deepEqual([due, deadlines.size], [["one", "two"], 0]);
  const ticks = lateness.length;
  pass(5000);
  assert.equal(lateness.length, ticks);
  add("late", 1000);
  nowMs += 3000;
  t.mock.timers.tick(250);
  assert.equal(due.at(-1), "late");
  assert.equal(lateness.at(-1), 2750);
});

test("without load there is no backoff; many responses or a late process raise it up to 30 s", () => {
  const load = new Load(() => 0.999);
  load.noteAnswers(1000);
  load.noteLateness(200);
  assert.equal(load.backoffSeconds(), 0);
  load.noteAnswers(9000);
  assert.equal(load.backoffSeconds(), 9);
  load.noteLateness(700);
  assert.equal(load.backoffSeconds(), 14);
  load.noteLateness(60_000);
  assert.equal(load.backoffSeconds(), 30);
  assert.equal(load.spread(0), 0);
  assert.equal(new Load(() => 0).spread(5), 1);
});

test("a message contains as many spaces as fit, and other text in it is ignored", () => {
  const spaces = Array.from({ length: 450 }, (_, seed) => spaceOf((seed % 250) + 1));
  const messages = encodeWakes("me", spaces);
  assert.equal(messages.length, 5);
  const queues = Array.from({ length: 100 }, (_, index) => queueWake(`${"s".repeat(60)}${index}`));
  for (const message of [...messages, ...encodeWakes("me", queues)]) assert.ok(message.length < 8000);
  assert.deepEqual(
    messages.flatMap((message) => heard("another", message)),
    spaces,
  );
  assert.deepEqual(
    messages.flatMap((message) => heard("me", message)),
    [],
  );
  assert.deepEqual(heard("me", ""), []);
  assert.deepEqual(heard("me", `x nonsense ${a} '; drop`), [a]);
  assert.deepEqual(heard("me", `x ${a} queue:main ${b}`), [a, "the queue of main", b]);
  assert.deepEqual(heard("me", `x ${spaces.slice(0, 200).join(" ")}`), spaces.slice(0, 200), "of an older server");
});

function heard(origin: string, message: string): string[] {
  const words: string[] = [];
  const connected = () => {};
  dispatchWakes(origin, message, {
    wake: (spaceId) => words.push(spaceId),
    rung: (shardId) => words.push(`the queue of ${shardId}`),
    connected,
  });
  return words;
}

test("an outbox sends one message at a time, and each space added meanwhile once", async () => {
  const sent: (readonly Wake[])[] = [];
  let done = Promise.withResolvers<boolean>();
  const outbox = new WakeOutbox((spaceIds) => {
    sent.push(spaceIds);
    return done.promise;
  });
  outbox.add(a);
  for (let count = 0; count < 3; count++) {
    outbox.add(a);
    outbox.add(b);
  }
  assert.deepEqual(sent, [[a]]);
  const first = done;
  done = Promise.withResolvers<boolean>();
  first.resolve(true);
  await new Promise(setImmediate);
  assert.deepEqual(sent, [[a], [a, b]]);
  done.resolve(true);
});

test("unsent spaces are sent once after a reconnect", async () => {
  const sent: (readonly Wake[])[] = [];
  let stands = false;
  const outbox = new WakeOutbox(async (spaceIds) => {
    if (stands) sent.push(spaceIds);
    return stands;
  });
  outbox.add(a);
  await new Promise(setImmediate);
  for (const spaceId of [a, b]) outbox.add(spaceId);
  await new Promise(setImmediate);
  stands = true;
  assert.deepEqual(sent, []);
  outbox.resume();
  await new Promise(setImmediate);
  assert.deepEqual(sent, [[a, b]]);
  outbox.add(a);
  await new Promise(setImmediate);
  assert.deepEqual(sent, [[a, b], [a]]);
});

test("a reconnect before the failure is known resends immediately", async () => {
  const answers: ((went: boolean) => void)[] = [];
  const outbox = new WakeOutbox(() => new Promise((resolve) => answers.push(resolve)));
  outbox.add(a);
  outbox.resume();
  answers[0]?.(false);
  await new Promise(setImmediate);
  assert.equal(answers.length, 2);
});
