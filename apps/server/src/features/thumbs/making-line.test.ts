import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MakingLine } from "./making-line.ts";

const staying = new AbortController().signal;
const options = { runningMax: 1, waitingMax: 5, shareMax: 3 };

function openWork() {
  const began: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (name: string) => () => {
    began.push(name);
    const end = Promise.withResolvers<string>();
    ends.set(name, end);
    return end.promise;
  };
  const end = async (name: string) => {
    ends.get(name)?.resolve(name);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { began, work, end, fail: (name: string) => ends.get(name)?.reject(new Error(name)) };
}

describe("Thumbnail queue", () => {
  test("creates a thumbnail once for several requests", async () => {
    const line = new MakingLine(options);
    const { began, work, end } = openWork();
    const asked = ["ann", "ben"].map((payer) => line.run({ key: "a", payer, signal: staying }, work("a")));
    await end("a");
    assert.deepEqual([await Promise.all(asked), began], [["a", "a"], ["a"]]);
    const again = line.run({ key: "a", payer: "ann", signal: staying }, work("a"));
    await end("a");
    assert.deepEqual([await again, began], ["a", ["a", "a"]]);
  });

  test("serves accounts in turn, each with its newest request first", async () => {
    const line = new MakingLine(options);
    const { began, work, end } = openWork();
    const asked = [];
    for (const [payer, key] of [
      ["ann", "first"],
      ["ann", "ann 1"],
      ["ann", "ann 2"],
      ["ann", "ann 3"],
      ["ben", "ben 1"],
    ] as const)
      asked.push(line.run({ key, payer, signal: staying }, work(key)));
    for (let turn = 0; turn < 5; turn += 1) await end(began[turn] ?? "");
    await Promise.all(asked);
    assert.deepEqual(began, ["first", "ann 3", "ben 1", "ann 2", "ann 1"]);
  });

  test("skips requests that all callers canceled, and finishes what it has begun", async () => {
    const line = new MakingLine(options);
    const { began, work, end } = openWork();
    const gone = new AbortController();
    const asked = [
      line.run({ key: "running", payer: "ann", signal: gone.signal }, work("running")),
      line.run({ key: "left", payer: "ann", signal: gone.signal }, work("left")),
      line.run({ key: "shared", payer: "ann", signal: gone.signal }, work("shared")),
    ];
    const kept = line.run({ key: "shared", payer: "ben", signal: staying }, work("shared"));
    const again = line.run({ key: "running", payer: "ben", signal: staying }, work("running"));
    const settled = Promise.allSettled(asked);
    gone.abort();
    assert.ok((await settled).every(({ status }) => status === "rejected"));
    await end("running");
    await end("shared");
    assert.deepEqual([await again, await kept, began], ["running", "shared", ["running", "shared"]]);
  });

  test("is full for an account above its share, and finally for everyone", async () => {
    const line = new MakingLine(options);
    const { work, end, began } = openWork();
    const ask = (payer: string, key: string) => line.run({ key, payer, signal: staying }, work(key));
    const asked = [ask("ann", "running"), ask("ann", "1"), ask("ann", "2"), ask("ann", "3")];
    await assert.rejects(ask("ann", "4"), { code: "unavailable", retryAfterSeconds: 2 });
    asked.push(ask("ben", "5"), ask("ben", "6"));
    await assert.rejects(ask("cem", "7"), { code: "unavailable" });
    for (let turn = 0; turn < 6; turn += 1) await end(began[turn] ?? "");
    await Promise.all(asked);
  });

  test("continues after a failure, and reports it to all waiting callers", async () => {
    const line = new MakingLine(options);
    const { work, end, fail } = openWork();
    const asked = ["ann", "ben"].map((payer) => line.run({ key: "bad", payer, signal: staying }, work("bad")));
    const next = line.run({ key: "good", payer: "ann", signal: staying }, work("good"));
    const settled = Promise.allSettled(asked);
    fail("bad");
    assert.ok((await settled).every(({ status }) => status === "rejected"));
    await end("good");
    assert.equal(await next, "good");
  });
});
