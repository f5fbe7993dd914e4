import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { inTurn } from "./in-turn.ts";

test("a failure midway names what is done already, and nothing after it is tried", async () => {
  const tried: number[] = [];
  const act = (item: number): Promise<number> => {
    tried.push(item);
    if (item === 3) return Promise.reject(new HoldfastError("exists", "3 is there."));
    return Promise.resolve(item * 2);
  };
  assert.deepEqual(await inTurn([1, 2], String, act), [2, 4]);
  tried.length = 0;
  const expected = { code: "exists", message: "3 is there. Done before the error: /1, /2." };
  await assert.rejects(
    inTurn([1, 2, 3, 4], (item) => `/${item}`, act),
    expected,
  );
  assert.deepEqual(tried, [1, 2, 3]);
  await assert.rejects(inTurn([3], String, act), { message: "3 is there." });
});

test("a refusal names the item, unless its message already does", async () => {
  const refuse = (message: string) => () => Promise.reject(new HoldfastError("forbidden", message));
  const viewer = "You are a viewer here.";
  await assert.rejects(inTurn(["/a"], String, refuse(viewer)), { code: "forbidden", message: `/a: ${viewer}` });
  await assert.rejects(inTurn(["/a"], String, refuse("/a is read-only.")), { message: "/a is read-only." });
  const unreachable = () => Promise.reject(new HoldfastError("unreachable", "No server answers."));
  await assert.rejects(inTurn(["/a"], String, unreachable), { message: "No server answers." });
});
