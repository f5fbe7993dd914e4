import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { CallerKey } from "./caller-keys.ts";
import { Admission, type AdmittedWork } from "./admission.ts";

const limits = { clientInWorkMax: Infinity, inWorkMsMax: 1000, waitingMax: 3, crowdedAbove: 1, waitMs: 400 };
const four = { most: 100, max: () => 4 };

interface Begun {
  readonly work: AdmittedWork;
  state: string;
}

/** Capital letters are addresses, others accounts. */
const callerOf = (key: string): CallerKey => ({ key, isStranger: key !== key.toLowerCase() });

/** Begins the work of these clients, in order. */
function begin(admission: Admission, keys: string): Begun[] {
  return keys.split("").map((key) => {
    const begun: Begun = { work: admission.open(callerOf(key)), state: "waits" };
    observe(begun, async () => begun.work.begin());
    return begun;
  });
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function observe(begun: Begun, enter: () => Promise<void>): void {
  begun.state = "waits";
  enter().then(
    () => (begun.state = "admitted"),
    (error: unknown) => (begun.state = (error as { code: string }).code),
  );
}

/** After the turn of the event loop. */
async function states(begun: readonly (Begun | undefined)[]): Promise<string> {
  await nextTurn();
  return begun.map((each) => each?.state).join(" ");
}

test("up to the limit, requests are admitted, and the next one when work ends", async () => {
  const admission = new Admission(limits, four);
  const all = begin(admission, "abcde");
  assert.equal(await states(all), "admitted admitted admitted admitted waits");
  all[1]?.work.end();
  all[1]?.work.end();
  assert.equal(await states(all.slice(4)), "admitted");
  assert.equal(await states(begin(admission, "f")), "waits");
});

test("waiting requests start when the limit grows, although no work ends", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let max = 4;
  const admission = new Admission(limits, { most: 100, max: () => max });
  const all = begin(admission, "abcdef");
  max = 5;
  t.mock.timers.tick(25);
  assert.equal(await states(all.slice(4)), "admitted waits");
  max = 6;
  t.mock.timers.tick(25);
  assert.equal(await states(all.slice(4)), "admitted admitted");
});

test("one client gets all places alone, and its share beside others", async () => {
  const admission = new Admission(limits, four);
  const alone = begin(admission, "aaaa");
  assert.equal(await states(alone), "admitted admitted admitted admitted");
  const [other, more] = begin(admission, "ba");
  for (const { work } of alone.slice(0, 2)) work.end();
  assert.equal(await states([other, more]), "admitted waits");
  alone[2]?.work.end();
  assert.equal(await states([more]), "admitted");
});

test("the client with the least work is next, then the one that has waited longest", async () => {
  const admission = new Admission(limits, four);
  const [a, b] = begin(admission, "abcd");
  const waiting = begin(admission, "aef");
  a?.work.end();
  assert.equal(await states(waiting), "admitted waits waits", "all have the same");
  b?.work.end();
  assert.equal(await states(waiting), "admitted admitted waits");
});

test("if too many wait, the oldest of the client with the most is rejected", async () => {
  const admission = new Admission(limits, four);
  begin(admission, "abcd");
  const noisy = begin(admission, "aaaa");
  assert.equal(await states(noisy), "unavailable waits waits waits");
  const [quiet] = begin(admission, "e");
  assert.equal(await states(noisy), "unavailable unavailable waits waits");
  assert.equal(await states([quiet]), "waits");
});

test("a request can replace the only waiting one of its client", async () => {
  const admission = new Admission({ ...limits, waitingMax: 1 }, four);
  const working = begin(admission, "abcd");
  const [first, second] = begin(admission, "ee");
  assert.equal(await states([first, second]), "unavailable waits");
  for (const { work } of working) work.end();
  assert.equal(await states([second]), "admitted");
});

test("a client with a place is admitted although too many others wait", async () => {
  const admission = new Admission(limits, { most: 100, max: () => 6 });
  const noisy = begin(admission, "baaa");
  const waiting = begin(admission, "aaa");
  const [quiet] = begin(admission, "b");
  assert.equal(await states([...noisy, ...waiting]), "admitted admitted admitted admitted waits waits waits");
  assert.equal(await states([quiet]), "admitted");
});

test("a client keeps its share for a moment after its work", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const admission = new Admission(limits, four, () => nowMs);
  for (const { work } of begin(admission, "b")) work.end();
  const all = begin(admission, "aaa");
  assert.equal(await states(all), "admitted admitted waits");
  nowMs = 50;
  t.mock.timers.tick(25);
  assert.equal(await states(all), "admitted admitted admitted");
});

test("among many, the newest request of a client is next", async () => {
  const admission = new Admission(limits, four);
  const [a] = begin(admission, "abcd");
  const waiting = begin(admission, "eee");
  a?.work.end();
  assert.equal(await states(waiting), "waits waits admitted");
});

test("a request that waits too long among others is rejected, and its place is free", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const admission = new Admission(limits, four, () => nowMs);
  const [first] = begin(admission, "abcd");
  const waiting = begin(admission, "ef");
  nowMs = limits.waitMs - 1;
  t.mock.timers.tick(25);
  assert.equal(await states(waiting), "waits waits");
  nowMs = limits.waitMs;
  t.mock.timers.tick(25);
  assert.equal(await states(waiting), "unavailable waits", "few may wait longer");
  first?.work.end();
  assert.equal(await states(waiting), "unavailable admitted");
});

test("requests of one client alone wait as long as it takes", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const admission = new Admission({ ...limits, inWorkMsMax: Infinity }, four, () => nowMs);
  const all = begin(admission, "aaaaaaa");
  nowMs = 10 * limits.waitMs;
  t.mock.timers.tick(25);
  assert.equal(await states(all.slice(4)), "waits waits waits");
  for (const { work } of all.slice(0, 3)) work.end();
  assert.equal(await states(all.slice(4)), "admitted admitted admitted");
});

test("work that takes long gives its place to others", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const admission = new Admission({ ...limits, waitMs: Infinity }, four, () => nowMs);
  const slow = begin(admission, "abcd");
  const waiting = begin(admission, "efg");
  nowMs = limits.inWorkMsMax;
  t.mock.timers.tick(25);
  assert.equal(await states(waiting), "admitted admitted admitted");
  for (const { work } of slow) work.end();
  assert.equal(await states(begin(admission, "ij")), "admitted waits", "it is not subtracted twice");
});

test("work that resumes is never rejected, and comes before new requests of its client", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const admission = new Admission({ ...limits, inWorkMsMax: Infinity }, four, () => nowMs);
  const all = begin(admission, "abcd");
  const [a, b, c] = all;
  assert.equal(await states(all), "admitted admitted admitted admitted");
  a?.work.end();
  begin(admission, "e");
  const waiting = begin(admission, "aa");
  if (a !== undefined) observe(a, async () => a.work.resume());
  assert.equal(await states([a, ...waiting]), "waits waits waits");
  nowMs = 10 * limits.waitMs;
  t.mock.timers.tick(25);
  assert.equal(await states([a, ...waiting]), "waits unavailable waits", "a single one may wait longer");
  const [newest] = begin(admission, "a");
  b?.work.end();
  assert.equal(await states([a, newest]), "admitted waits");
  c?.work.end();
  assert.equal(await states([a, newest]), "admitted waits", "its share is 1");
  assert.equal(a?.work.resume(), undefined, "it is in work");
  a?.work.end();
  assert.equal(await states([newest]), "admitted");
});

test("any number of works can resume, the oldest first, without rejections of others", async () => {
  const admission = new Admission(limits, four);
  const all = begin(admission, "aaaa");
  assert.equal(await states(all), "admitted admitted admitted admitted");
  for (const { work } of all) work.end();
  const holders = begin(admission, "bcde");
  for (const begun of all) observe(begun, async () => begun.work.resume());
  const [other] = begin(admission, "f");
  assert.equal(await states([...all, other]), "waits waits waits waits waits");
  holders[0]?.work.end();
  holders[1]?.work.end();
  assert.equal(await states([...all, other]), "admitted waits waits waits admitted");
});

test("work that ends in its turn of the event loop leaves its place at the end of the turn", async () => {
  const admission = new Admission({ ...limits, waitingMax: 100 }, { most: 100, max: () => 2 });
  let done = 0;
  const quick = async (): Promise<void> => {
    const work = admission.open(callerOf("a"));
    await work.begin();
    done += 1;
    work.close();
  };
  for (let count = 0; count < 6; count += 1) void quick();
  await Promise.resolve();
  assert.equal(done, 2);
  const [other] = begin(admission, "b");
  assert.equal(await states([other]), "admitted");
  assert.ok(done < 6);
  await nextTurn();
  await nextTurn();
  await nextTurn();
  await nextTurn();
  assert.equal(done, 6);
});

test("a client has a maximum beside others, and its other requests wait while the process is not busy", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let nowMs = 0;
  const idle = { most: 100, max: () => 100 };
  const admission = new Admission({ ...limits, clientInWorkMax: 2, inWorkMsMax: Infinity }, idle, () => nowMs);
  const all = begin(admission, "baaaa");
  nowMs = 10 * limits.waitMs;
  t.mock.timers.tick(25);
  assert.equal(await states(all), "admitted admitted admitted waits waits");
});

test("all addresses together have the share of one account", async () => {
  const admission = new Admission({ ...limits, waitingMax: 4, crowdedAbove: 100 }, four);
  const strangers = begin(admission, "ABCD");
  assert.equal(await states(strangers), "admitted admitted admitted admitted", "alone");
  const [account] = begin(admission, "a");
  const others = begin(admission, "EFG");
  strangers[0]?.work.end();
  assert.equal(await states([account, ...others]), "admitted waits waits waits");
  strangers[1]?.work.end();
  assert.equal(await states(others), "waits waits waits", "two of four are the share");
  strangers[2]?.work.end();
  assert.equal(await states(others), "admitted waits waits");
  const more = begin(admission, "aaa");
  assert.equal(await states([...others, ...more]), "admitted waits waits admitted waits waits");
  const [late] = begin(admission, "H");
  assert.equal(await states([...others, ...more, late]), "admitted unavailable waits admitted waits waits waits");
});

test("among waiting clients with equal work, the next has waited longest since its last turn", async () => {
  const admission = new Admission({ ...limits, crowdedAbove: 100 }, { most: 100, max: () => 1 });
  const [x, b1, b2, c] = begin(admission, "xbbc");
  assert.equal(await states([b1, b2, c]), "waits waits waits");
  x?.work.end();
  assert.equal(await states([b1, b2, c]), "admitted waits waits");
  b1?.work.end();
  assert.equal(await states([b2, c]), "waits admitted");
});

test("work that is closed while it waits takes no place later", async () => {
  const admission = new Admission(limits, { most: 100, max: () => 1 });
  const [first, second, third] = begin(admission, "abc");
  assert.equal(await states([first, second, third]), "admitted waits waits");
  second?.work.close();
  first?.work.close();
  await nextTurn();
  await nextTurn();
  assert.equal(await states([third]), "admitted");
});

test("rejected clients return after different times", () => {
  const random = mock.method(Math, "random", () => 0.99);
  const admission = new Admission({ ...limits, waitingMax: 0 }, { most: 100, max: () => 1 });
  void admission.open(callerOf("a")).begin();
  assert.throws(() => admission.open(callerOf("b")).begin(), { code: "unavailable", retryAfterSeconds: 2 });
  random.mock.mockImplementation(() => 0);
  assert.throws(() => admission.open(callerOf("b")).begin(), { code: "unavailable", retryAfterSeconds: 1 });
  random.mock.restore();
});
