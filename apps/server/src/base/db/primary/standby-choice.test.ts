import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerState } from "./server-state.ts";
import { StandbyChoice } from "./standby-choice.ts";

const [west, north] = [
  { host: "west", port: 5432 },
  { host: "north", port: 5432 },
];
const server: ServerState = {
  system: "7",
  isPrimary: true,
  timeline: 1,
  startedAt: "1",
  endBytes: 1000,
  acknowledgedBytes: 1000,
  replayedBytes: 0,
};
const standby = (replayedBytes: number): ServerState => ({ ...server, isPrimary: false, timeline: 0, replayedBytes });
const minute = 60_000;

/** Choice after a minute, each second of which the primary has written 10 bytes. @param replayed of each round */
function watched(replayed: (round: number) => number, readsMsMax = 30 * minute): StandbyChoice {
  const choice = new StandbyChoice(readsMsMax);
  for (let round = 0; round <= 300; round++) {
    const state = { ...server, endBytes: round * 10 };
    choice.note(
      state,
      [
        { host: undefined, state },
        { host: west, state: standby(replayed(round)) },
      ],
      round * 1000,
    );
  }
  return choice;
}

/** @returns the choice of the last of the rounds, one each second from the 301st on */
function rounds(choice: StandbyChoice, answers: Parameters<StandbyChoice["choose"]>[0], until: number) {
  let chosen: ReturnType<StandbyChoice["choose"]>;
  for (let second = 301; second <= until; second++) chosen = choice.choose(answers, second * 1000);
  return chosen;
}

test("a standby that was current when the primary was lost answers reads, from ten seconds on until the limit", () => {
  const choice = watched((round) => round * 10);
  const answers = [{ host: west, state: standby(3000) }];
  for (const [seconds, isUsed] of [
    [5, false],
    [11, true],
    [29 * 60, true],
    [31 * 60, false],
  ] as const)
    assert.equal(rounds(choice, answers, 300 + seconds), isUsed ? west : undefined, String(seconds));
});

test("a standby more than a minute behind is not used, although it catches up with nothing new", () => {
  const answers = [{ host: west, state: standby(3000) }];
  assert.equal(watched((round) => Math.max(0, round - 50) * 10).choose(answers, 320_000), west);
  assert.equal(watched((round) => Math.max(0, round - 70) * 10).choose(answers, 320_000), undefined);
  assert.equal(watched(() => 100).choose(answers, 320_000), undefined);
});

test("neither a standby that was never compared, nor one of another database, nor a second primary is used", () => {
  const choice = watched((round) => round * 10);
  assert.equal(choice.choose([{ host: north, state: standby(3000) }], 320_000), undefined);
  assert.equal(choice.choose([{ host: west, state: { ...standby(3000), system: "8" } }], 320_000), undefined);
  assert.equal(choice.choose([{ host: west, state: server }], 320_000), undefined);
  assert.equal(new StandbyChoice(30 * minute).choose([{ host: west, state: standby(3000) }], 320_000), undefined);
});

test("without a limit, with a clock that was set back, or after a promotion, nothing is remembered", () => {
  const answers = [{ host: west, state: standby(3000) }];
  assert.equal(watched((round) => round * 10, 0).choose(answers, 320_000), undefined);
  const choice = watched((round) => round * 10);
  choice.note({ ...server, timeline: 2, endBytes: 9000 }, answers, 301_000);
  assert.equal(choice.choose(answers, 320_000), undefined);
  const setBack = watched((round) => round * 10);
  setBack.note({ ...server, endBytes: 9000 }, answers, 1000);
  assert.equal(setBack.choose(answers, 20_000), undefined);
});

test("a standby that has replayed less than before, such as after its restart, waits until it has caught up", () => {
  const choice = watched((round) => round * 10);
  assert.equal(choice.choose([{ host: west, state: standby(2999) }], 320_000), undefined);
  assert.equal(choice.choose([{ host: west, state: standby(3000) }], 321_000), west);
});

test("after more than a minute without a round, such as in a suspended process, no standby is used", () => {
  const choice = watched((round) => round * 10);
  const answers = [{ host: west, state: standby(3000) }];
  assert.equal(choice.choose(answers, 361_000), undefined);
  assert.equal(choice.choose(answers, 362_000), undefined);
});

test("of two standbys, the one with more changes is chosen, and stays although the other passes it", () => {
  const choice = new StandbyChoice(30 * minute);
  const answers = (ofWest: number, ofNorth: number) => [
    { host: west, state: standby(ofWest) },
    { host: north, state: standby(ofNorth) },
  ];
  choice.note(server, answers(1000, 1000), 1000);
  assert.equal(choice.choose(answers(1000, 1100), 20_000), north);
  assert.equal(choice.choose(answers(1200, 1100), 21_000, north), north);
  assert.equal(choice.choose([{ host: west, state: standby(1200) }], 22_000, north), west);
});
