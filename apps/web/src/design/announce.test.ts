import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAnnouncer } from "./announce.ts";

function makeStage() {
  const shown: string[] = [];
  const clock: (() => void)[] = [];
  const announcer = makeAnnouncer(
    (region, text) => shown.push(`${region}: ${text}`),
    (callback, delayMs) => {
      assert.equal(delayMs, 1000);
      clock.push(callback);
    },
  );
  const tick = () => {
    for (const callback of clock.splice(0)) callback();
  };
  return { announcer, shown, tick };
}

test("one message a second is announced, the others wait, and only the last one of each topic is kept", () => {
  const { announcer, shown, tick } = makeStage();
  announcer.say("Uploading 340 files");
  announcer.say("10 %", "progress");
  announcer.say("3 selected", "selection");
  announcer.say("50 %", "progress");
  assert.deepEqual(shown, ["polite: Uploading 340 files"]);
  tick();
  tick();
  tick();
  assert.deepEqual(shown.slice(1), ["polite: 3 selected", "polite: 50 %"]);
  announcer.say("At once again");
  assert.equal(shown.at(-1), "polite: At once again");
});

test("an urgent message does not wait for others", () => {
  const { announcer, shown } = makeStage();
  announcer.say("Slow");
  announcer.sayNow("Signed out");
  assert.deepEqual(shown, ["polite: Slow", "assertive: Signed out"]);
});

test("a repeated message changes the region, so screen readers announce it again", () => {
  const { announcer, shown, tick } = makeStage();
  announcer.say("Saved");
  announcer.say("Saved");
  tick();
  assert.deepEqual(shown, ["polite: Saved", "polite: Saved\u00A0"]);
});

test("only the five newest of many waiting messages are kept", () => {
  const { announcer, shown, tick } = makeStage();
  for (let index = 0; index <= 20; index++) announcer.say(`${index}`);
  for (let second = 0; second < 10; second++) tick();
  assert.deepEqual(
    shown,
    [0, 16, 17, 18, 19, 20].map((index) => `polite: ${index}`),
  );
});
