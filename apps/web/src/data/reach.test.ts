import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { Reach } from "./reach.ts";
import type { SessionState } from "./session-state.ts";

function world() {
  let state: SessionState = "starting";
  let answers: "yes" | "no" | "late" = "yes";
  let live: "connecting" | "live" | "offline" = "connecting";
  let isOnline = true;
  let hear = () => {};
  const waits: { delayMs: number; end: () => void }[] = [];
  const reach = new Reach({
    session: {
      getSnapshot: () => state,
      start: () => {
        if (answers === "late") return new Promise(() => {});
        if (answers === "no") return Promise.reject(new HoldfastError("unreachable", "away"));
        state = "signed_in";
        return Promise.resolve(state);
      },
    },
    live: {
      subscribe: (listener) => {
        hear = listener;
        return () => {};
      },
      getSnapshot: () => ({ state: live }),
      tryNow: () => {},
    },
    isBrowserOnline: () => isOnline,
    wait: (delayMs, signal) =>
      new Promise<void>((resolve, reject) => {
        waits.push({ delayMs, end: resolve });
        signal?.addEventListener("abort", () => reject(new Error("not any more")));
      }),
    jitter: () => 1,
  });
  return {
    reach,
    answer: (how: typeof answers) => void (answers = how),
    setLive: (next: typeof live) => {
      live = next;
      hear();
    },
    setOnline: (next: boolean) => {
      isOnline = next;
      reach.browserChanged();
    },
    pass: async () => {
      const { delayMs = 0, end } = waits.pop() ?? {};
      end?.();
      await new Promise(setImmediate);
      return delayMs;
    },
  };
}

test("an unreachable server is asked at growing intervals until it answers", async () => {
  const { reach, answer, pass } = world();
  answer("no");
  assert.equal(await reach.start(), "starting");
  assert.equal(reach.getSnapshot(), true);
  await new Promise(setImmediate);
  const delays = [];
  for (let round = 0; round < 6; round += 1) delays.push(await pass());
  assert.deepEqual(delays, [1000, 2000, 4000, 8000, 15_000, 15_000]);
  answer("yes");
  await pass();
  assert.equal(reach.getSnapshot(), false);
  assert.equal(await reach.start(), "signed_in");
});

test("starting waits three seconds for a server that does not answer, and then counts it as away", async () => {
  const { reach, answer, pass } = world();
  answer("late");
  const started = reach.start();
  assert.equal(await pass(), 3000);
  assert.equal(await started, "starting");
  assert.equal(reach.getSnapshot(), true);
});

test("a manual retry during a scheduled one does not ask twice", async () => {
  const { reach, answer } = world();
  answer("no");
  await reach.start();
  await reach.start();
  await new Promise(setImmediate);
  answer("yes");
  reach.tryNow();
  await new Promise(setImmediate);
  assert.equal(reach.getSnapshot(), false);
});

test("a connection counts as lost only after two seconds", async () => {
  const { reach, setLive, pass } = world();
  setLive("live");
  setLive("offline");
  setLive("live");
  await pass();
  assert.equal(reach.getSnapshot(), false);
  setLive("offline");
  assert.equal(reach.getSnapshot(), false);
  assert.equal(await pass(), 2000);
  assert.equal(reach.getSnapshot(), true);
  setLive("live");
  assert.equal(reach.getSnapshot(), false);
});

test("the browser's offline state is trusted", () => {
  const { reach, setOnline } = world();
  let calls = 0;
  reach.subscribe(() => (calls += 1));
  setOnline(false);
  assert.equal(reach.getSnapshot(), true);
  setOnline(true);
  assert.deepEqual([reach.getSnapshot(), calls], [false, 2]);
});
