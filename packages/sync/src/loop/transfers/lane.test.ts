import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { Lane, type Transfer } from "./lane.ts";

const all = (): boolean => true;

function transfer(name: string, run: Transfer["run"] = () => Promise.resolve(), left?: Transfer["left"]): Transfer {
  return { id: name as NodeId, path: name, key: name, run, ...(left && { left }) };
}

async function isTold(lane: Lane): Promise<boolean> {
  let told = false;
  void lane.ended(() => new Promise(() => undefined)).then(() => (told = true));
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  return told;
}

test("one whose node is in another portion of the plan is told again until that one has its turn", async () => {
  const lane = new Lane();
  const one = transfer("one");
  lane.turn([one], all);
  assert.ok(await isTold(lane));
  lane.turn([], (id) => id !== one.id);
  assert.ok((await isTold(lane)) && lane.isBusy);
  assert.deepEqual([...lane.turn([one], all)], [["one", undefined]]);
  assert.ok(!(await isTold(lane)) && !lane.isBusy);
});

test("what has ended is told in each turn until it is taken; what failed, once", async () => {
  const lane = new Lane();
  const failure = new HoldfastError("quota", "No room.");
  const one = transfer("one");
  const wanted = [one, transfer("fails", () => Promise.reject(failure))];
  lane.turn(wanted, all);
  await isTold(lane);
  const told = [["one", undefined] as const, ["fails", failure] as const];
  assert.deepEqual([...lane.turn(wanted, all)], told);
  assert.deepEqual([...lane.turn([one], all)], told.slice(0, 1));
  lane.take("one");
  assert.equal(lane.turn([], all).size, 0);
  assert.ok(!lane.isBusy);
});

test("what nobody wants any more ends at its next part, and what it left is removed, unless another needs it", async () => {
  const lane = new Lane();
  const gate = Promise.withResolvers<void>();
  const removed: string[] = [];
  const leaves = (path: string): Transfer["left"] => ({ path, remove: async () => void removed.push(path) });
  const parts: string[] = [];
  const slow = transfer(
    "slow",
    async (advance) => {
      await gate.promise;
      parts.push("first");
      advance(1);
      parts.push("second");
    },
    leaves("part"),
  );
  lane.turn([slow], all);
  await setImmediate();
  const next = transfer("next", undefined, leaves("part"));
  lane.turn([next], all);
  gate.resolve();
  assert.ok(await isTold(lane));
  assert.deepEqual([parts, removed], [["first"], []]);
  lane.turn([], all);
  assert.ok(await isTold(lane));
  assert.deepEqual([removed, lane.isBusy], [["part"], false]);
});

test("a server that cannot be reached fails no other file, and the next turn begins again", async () => {
  const lane = new Lane();
  let isAway = true;
  const begun: string[] = [];
  const wanted = ["one", "two"].map((name) =>
    transfer(name, () => {
      begun.push(name);
      return isAway ? Promise.reject(new HoldfastError("unreachable", "Away.")) : Promise.resolve();
    }),
  );
  lane.turn(wanted, all);
  await isTold(lane);
  assert.deepEqual(begun, ["one"]);
  isAway = false;
  assert.equal([...lane.turn(wanted, all).keys()].join(), "one");
  await isTold(lane);
  lane.turn(wanted, all);
  await isTold(lane);
  assert.deepEqual([...lane.turn(wanted, all).keys()].toSorted(), ["one", "two"]);
});
