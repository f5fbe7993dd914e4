import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { deletionLimits, judge, leastInMount, rewriteLimits } from "./judge.ts";
import { type Braked, type BrakeRecord, brakeKey } from "../model/brake-record.ts";

const limits = deletionLimits(undefined);

function deletions(from: number, to: number, base = "b"): Braked[] {
  return Array.from({ length: to - from }, (_, index) => ({
    nodeId: `n${from + index}` as NodeId,
    side: "here",
    base,
  }));
}

class Keeper {
  readonly records = new Map<string, BrakeRecord>();
  known: number;
  nowMs = 0;

  constructor(known: number) {
    this.known = known;
  }

  plan(planned: readonly Braked[]): number {
    const { held, changes } = judge("here", planned, this.records, { limits, nowMs: this.nowMs, known: this.known });
    for (const [key, record] of changes) {
      if (record === undefined) this.records.delete(key);
      else this.records.set(key, record);
    }
    return held.length;
  }

  approveAll(): void {
    for (const [key, record] of this.records) {
      if (record.standing === "waiting") this.records.set(key, { ...record, standing: "approved" });
    }
  }
}

test("49 deletions of a small tree are sent and 50 wait, and of a big tree 499 and 500", () => {
  assert.equal(new Keeper(60).plan(deletions(0, 49)), 0);
  assert.equal(new Keeper(60).plan(deletions(0, 50)), 50);
  assert.equal(new Keeper(201).plan(deletions(0, 50)), 0);
  assert.equal(new Keeper(100_000).plan(deletions(0, 499)), 0);
  assert.equal(new Keeper(100_000).plan(deletions(0, 500)), 500);
});

test("in a mount 10 deletions wait if they are a quarter of it, and a custom number replaces both limits", () => {
  const inMount = deletionLimits(undefined, leastInMount);
  const isTooMany = [
    [9, 9],
    [10, 40],
    [10, 41],
    [500, 100_000],
  ].map(([count = 0, known = 0]) => inMount.isTooMany(count, known));
  assert.deepEqual(isTooMany, [false, true, false, true]);
  assert.ok(!deletionLimits(200, leastInMount).isTooMany(199, 1));
});

test("deletions within an hour count together, as a part of the tree before them", () => {
  const keeper = new Keeper(100_000);
  assert.equal(keeper.plan(deletions(0, 300)), 0);
  keeper.nowMs = 3_500_000;
  assert.equal(keeper.plan(deletions(300, 499)), 0);
  assert.equal(keeper.plan(deletions(499, 520)), 21);
  const later = new Keeper(100_000);
  later.plan(deletions(0, 300));
  later.nowMs = 3_600_001;
  assert.equal(later.plan(deletions(300, 520)), 0);
});

test("a waiting deletion waits until its approval, and only approved ones are sent", () => {
  const keeper = new Keeper(100_000);
  keeper.plan(deletions(0, 500));
  keeper.nowMs = 10_000_000;
  assert.equal(keeper.plan(deletions(0, 10)), 10, "fewer are left, and they still wait");
  keeper.approveAll();
  assert.equal(keeper.plan(deletions(0, 10)), 0);
  assert.equal(keeper.plan(deletions(0, 10, "another base")), 10, "the file is another by now");
});

test("approved deletions do not count towards later ones", () => {
  const keeper = new Keeper(100_000);
  keeper.plan(deletions(0, 600));
  keeper.approveAll();
  assert.equal(keeper.plan(deletions(0, 1000)), 0);
  assert.equal(keeper.plan(deletions(0, 1200)), 600);
});

test("500 rewritten files wait only if they are a quarter of all", () => {
  assert.ok(rewriteLimits("rewrite", []).isTooMany(500, 2000));
  assert.ok(!rewriteLimits("rewrite", []).isTooMany(500, 2001));
  assert.ok(!rewriteLimits("rewrite", []).isTooMany(499, 1));
});

test("files returning to earlier content wait from 3 with old times, otherwise from 10 and a tenth of all", () => {
  const isTooMany = (count: number, known: number, old = 0): boolean =>
    rewriteLimits(
      "rollback",
      Array.from({ length: count }, (_, index) => ({ isOldByTime: index < old })),
    ).isTooMany(count, known);
  assert.deepEqual([isTooMany(10, 100), isTooMany(10, 101), isTooMany(9, 1)], [true, false, false]);
  assert.deepEqual([isTooMany(3, 100_000, 3), isTooMany(9, 100_000, 2)], [true, false]);
  assert.deepEqual(
    [4, 5].map((count) => rewriteLimits("damage").isTooMany(count, 100_000)),
    [false, true],
  );
});

test("in any sequence of deletions, no more than the limit is sent within an hour without approval", () => {
  const steps = fc.array(fc.record({ count: fc.integer({ min: 1, max: 200 }), pauseMs: fc.nat(2_000_000) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(steps, (story) => {
      const keeper = new Keeper(100_000);
      const gone: number[] = [];
      let next = 0;
      let open: Braked[] = [];
      for (const { count, pauseMs } of story) {
        keeper.nowMs += pauseMs;
        open.push(...deletions(next, next + count));
        next += count;
        keeper.plan(open);
        const left = open.filter((each) => keeper.records.get(brakeKey(each))?.standing === "waiting");
        for (let each = left.length; each < open.length; each += 1) gone.push(keeper.nowMs);
        open = left;
        const lately = gone.filter((atMs) => atMs > keeper.nowMs - 3600_000).length;
        assert.ok(lately < 500, `${lately} went within an hour`);
      }
    }),
  );
});

test("deletions before the clock was set back count for an hour, and not for years", () => {
  const keeper = new Keeper(10_000);
  keeper.nowMs = 10 * 365 * 86_400_000;
  assert.equal(keeper.plan(deletions(0, 499)), 0);
  keeper.nowMs = 0;
  assert.equal(keeper.plan(deletions(499, 500)), 1, "they count still");
  keeper.nowMs = 3600_000;
  keeper.approveAll();
  assert.equal(keeper.plan(deletions(500, 501)), 0);
});
