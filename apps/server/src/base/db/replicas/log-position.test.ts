import assert from "node:assert/strict";
import { test } from "node:test";
import { lagOf, SharedQuery } from "./log-position.ts";

/** Each query returns a greater number, when the test ends it. */
function fakeQuery() {
  const running: (() => void)[] = [];
  let queries = 0;
  const query = new SharedQuery(() => {
    queries += 1;
    const result = queries;
    return new Promise<number>((resolve) => running.push(() => resolve(result)));
  });
  return { query, running, count: () => queries };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a call during a query waits for the next one, which may be newer, and shares it", async () => {
  const { query, running, count } = fakeQuery();
  const first = query.run();
  await turn();
  const later = [query.run(), query.run()];
  await turn();
  assert.equal(count(), 1);
  running.shift()?.();
  assert.equal(await first, 1);
  await turn();
  running.shift()?.();
  assert.deepEqual(await Promise.all(later), [2, 2]);
  assert.equal(count(), 2);
});

test("a failed query fails its calls only", async () => {
  let fails = true;
  const query = new SharedQuery(() => (fails ? Promise.reject(new Error("lost")) : Promise.resolve("end")));
  await assert.rejects(Promise.all([query.run(), query.run()]), /lost/);
  fails = false;
  assert.equal(await query.run(), "end");
});

test("a position is reached by a standby of the same database and timeline at or after it", () => {
  const wanted = { origin: "7/drive", timeline: 2, bytes: 100 };
  const standby = { ...wanted, isStandby: true };
  assert.equal(lagOf(standby, wanted), undefined);
  assert.equal(lagOf({ ...standby, bytes: 200 }, wanted), undefined);
  assert.deepEqual(lagOf({ ...standby, bytes: 90 }, wanted)?.behindBytes, 10);
  for (const other of [{ timeline: 1 }, { timeline: 3 }]) {
    const lag = lagOf({ ...standby, bytes: 200, ...other }, wanted);
    assert.deepEqual([lag?.state, lag?.behindBytes], ["behind", undefined]);
  }
  for (const other of [{ origin: "8/drive" }, { origin: "7/other" }, { isStandby: false }])
    assert.equal(lagOf({ ...standby, bytes: 200, ...other }, wanted)?.state, "not_standby");
});
