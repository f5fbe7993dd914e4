import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { Acts } from "./acts.ts";

function world() {
  let isAway = false;
  let isThere = false;
  let nowMs = 0;
  let notify = () => {};
  const pauses: { delayMs: number; end: () => void }[] = [];
  const acts = new Acts({
    client: {
      call: () => (isThere ? Promise.resolve({}) : Promise.reject(new Error("nobody"))),
    } as unknown as ApiClient,
    reach: {
      tryNow: () => {},
      getSnapshot: () => isAway,
      subscribe: (listener) => {
        notify = listener;
        return () => {};
      },
    },
    wait: (delayMs, signal) =>
      new Promise<void>((resolve, reject) => {
        pauses.push({ delayMs, end: resolve });
        signal?.addEventListener("abort", () => reject(new Error("not any more")));
      }),
    nowMs: () => nowMs,
    jitter: () => 1,
  });
  const sends: { readonly answer: (how: "made" | ErrorCode | HoldfastError) => Promise<void> }[] = [];
  return {
    acts,
    sends,
    pauses,
    pass: (byMs: number) => void (nowMs += byMs),
    answersNow: () => void (isThere = true),
    setAway: (next: boolean) => {
      isAway = next;
      notify();
    },
    run: () =>
      acts.run(
        (signal) =>
          new Promise<string>((resolve, reject) => {
            signal.addEventListener("abort", () => reject(new Error("aborted")));
            const answer = async (how: "made" | ErrorCode | HoldfastError) => {
              if (how === "made") resolve(how);
              else reject(how instanceof HoldfastError ? how : new HoldfastError(how, how));
              await rest();
            };
            sends.push({ answer });
          }),
      ),
  };
}

const rest = () => new Promise((resolve) => setImmediate(resolve));
const canceled = new HoldfastError("unreachable", "Canceled.");

test("a change whose connection broke is retried until it is answered, and counts as waiting meanwhile", async () => {
  const { acts, sends, pauses, run } = world();
  let calls = 0;
  acts.subscribe(() => (calls += 1));
  const made = run();
  const counts = [];
  for (let round = 0; round < 8; round += 1) {
    await sends[round]?.answer("unreachable");
    counts.push(acts.getSnapshot());
    pauses[round]?.end();
    await rest();
  }
  assert.deepEqual(counts, [0, 0, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(
    pauses.map(({ delayMs }) => delayMs),
    [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000],
  );
  await sends[8]?.answer("made");
  assert.equal(await made, "made");
  assert.deepEqual([acts.getSnapshot(), calls], [0, 2]);
});

test("a refusal by the server ends a retried change", async () => {
  const { acts, sends, pauses, run } = world();
  const refused = assert.rejects(run(), { code: "conflict" });
  await sends[0]?.answer("unavailable");
  pauses[0]?.end();
  await rest();
  await sends[1]?.answer("conflict");
  await refused;
  assert.deepEqual([acts.getSnapshot(), sends.length], [0, 2]);
});

test("a blocking proxy ends a change, and an unavailable server makes it wait visibly at once", async () => {
  const { acts, sends, run } = world();
  const blocked = new HoldfastError("unreachable", "A proxy.", { body: { network: "FOREIGN" } });
  const refused = assert.rejects(run(), blocked);
  await sends[0]?.answer(blocked);
  await refused;
  const waits = run();
  await sends[1]?.answer("unavailable");
  assert.equal(acts.getSnapshot(), 1);
  acts.cancel(canceled);
  await assert.rejects(waits, canceled);
});

test("a change is not retried after 15 minutes, because others may have changed the data since", async () => {
  const { sends, pauses, pass, run } = world();
  const late = assert.rejects(run(), { code: "unreachable" });
  await sends[0]?.answer("unreachable");
  pass(15 * 60_000);
  pauses[0]?.end();
  await rest();
  await sends[1]?.answer("unreachable");
  pass(1);
  pauses[1]?.end();
  await rest();
  await sends[2]?.answer("unreachable");
  await late;
  assert.equal(sends.length, 3);
});

test("a change that has not been sent yet also ends at the sign-out", async () => {
  const { acts, setAway, answersNow } = world();
  setAway(true);
  answersNow();
  const sent = acts.call("deletePermission", {}, () => Promise.resolve("made"));
  acts.end(canceled);
  await assert.rejects(sent, { code: "unauthenticated" });
});

test("all running changes wait as soon as the server is away, and resume when it is back", async () => {
  const { acts, sends, setAway, run } = world();
  const both = Promise.all([run(), run()]);
  await sends[0]?.answer("unreachable");
  assert.equal(acts.getSnapshot(), 0);
  setAway(true);
  assert.equal(acts.getSnapshot(), 2);
  await sends[1]?.answer("unreachable");
  setAway(false);
  await rest();
  assert.equal(sends.length, 4);
  await sends[2]?.answer("made");
  await sends[3]?.answer("made");
  assert.deepEqual(await both, ["made", "made"]);
});

test("a canceled change is never sent again, whether it was running or paused", async () => {
  const { acts, sends, pauses, setAway, run } = world();
  const both = [assert.rejects(run(), canceled), assert.rejects(run(), canceled)];
  await sends[0]?.answer("unreachable");
  // Neither waits yet.
  acts.cancel(canceled);
  setAway(true);
  acts.cancel(canceled);
  await Promise.all(both);
  for (const { end } of pauses) end();
  setAway(false);
  await rest();
  assert.deepEqual([acts.getSnapshot(), sends.length], [0, 2]);
});

test("all changes end at the sign-out", async () => {
  const { acts, sends, run } = world();
  const ended = assert.rejects(run(), canceled);
  acts.end(canceled);
  await ended;
  assert.equal(sends.length, 1);
});

test("a server that seems away is asked once before a change", async () => {
  const { acts, setAway, answersNow } = world();
  await acts.assertHere();
  setAway(true);
  await assert.rejects(acts.assertHere(), { code: "unreachable", body: { network: "AWAY" } });
  answersNow();
  await acts.assertHere();
});
