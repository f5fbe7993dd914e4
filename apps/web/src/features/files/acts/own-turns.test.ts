import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnTurns } from "./own-turns.ts";

test("acts on the same node run one after another, even after a failure; acts on other nodes do not wait", async () => {
  const turns = new OwnTurns();
  const first = Promise.withResolvers<void>();
  const order: string[] = [];
  const told = (name: string, until?: Promise<void>) => async () => {
    await until;
    order.push(name);
  };
  const failing = turns.take(["a", "b"], async () => {
    await first.promise;
    order.push("first");
    throw new Error("refused");
  });
  const second = turns.take(["b"], told("second"));
  const third = turns.take(["b", "c"], told("third"));
  await turns.take(["d"], told("other"));
  first.resolve();
  await assert.rejects(failing, /refused/);
  await Promise.all([second, third]);
  assert.deepEqual(order, ["other", "first", "second", "third"]);
});

test("a revision replaced by own acts leads to the newest own one; a revision by others stays unchanged", () => {
  const turns = new OwnTurns();
  const at = (revision: string, name = "a") => ({ id: "f", name, parentId: "home", revision });
  turns.remember("r1", at("r2", "b"));
  turns.remember("r2", at("r3", "c"));
  turns.remember("r3", at("r3", "c"));
  assert.deepEqual(turns.latest(at("r1")), at("r3", "c"));
  assert.deepEqual(turns.latest(at("theirs")), at("theirs"));
  for (let act = 0; act < 1_001; act++) turns.remember(`x${act}`, at(`y${act}`));
  assert.deepEqual(turns.latest(at("r1")), at("r1"), "what is long ago is forgotten");
});
