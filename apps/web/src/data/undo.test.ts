import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { type Act, UndoStack } from "./undo.ts";

const hourMs = 3_600_000;

function desk() {
  const clock = { nowMs: 0 };
  const asked: string[] = [];
  const stack = new UndoStack<string>({
    nowMs: () => clock.nowMs,
    whoChanged: (id) => {
      asked.push(id);
      return Promise.resolve("Ben");
    },
  });
  const here = { text: "", clock, asked, stack, failWith: undefined as HoldfastError | undefined, write };
  const tryIt = async () => {
    await Promise.resolve();
    if (here.failWith !== undefined) throw here.failWith;
  };
  const written = (letter: string): Act<string> => ({
    label: `wrote ${letter}`,
    takeBack: async () => {
      await tryIt();
      here.text = here.text.replace(letter, "");
      return wiped(letter);
    },
  });
  const wiped = (letter: string): Act<string> => ({
    label: `wiped ${letter}`,
    takeBack: async () => {
      await tryIt();
      here.text += letter;
      return written(letter);
    },
  });
  function write(letter: string): Act<string> {
    here.text += letter;
    const act = written(letter);
    stack.push(act);
    return act;
  }
  return here;
}

test("changes are undone from the last one, can be redone, and a new change discards the redo list", async () => {
  const each = desk();
  for (const letter of "abc") each.write(letter);
  await Promise.all([each.stack.undo(), each.stack.undo()]);
  assert.equal(each.text, "a");
  assert.deepEqual(each.stack.getSnapshot(), { undo: "wrote a", redo: "wiped b", isBusy: false });
  assert.deepEqual(await each.stack.redo(), { kind: "done", label: "wiped b" });
  assert.equal(each.text, "ab");
  await each.stack.undo();
  each.write("d");
  assert.deepEqual(await each.stack.redo(), { kind: "nothing" });
  assert.equal(each.text, "ad");
});

test("a toast's Undo button undoes its own change, and only once", async () => {
  const each = desk();
  const first = each.write("a");
  each.write("b");
  assert.equal((await each.stack.undoAct(first)).kind, "done");
  assert.equal((await each.stack.undoAct(first)).kind, "nothing");
  assert.equal(each.text, "b");
  assert.equal(each.stack.getSnapshot().undo, "wrote b");
});

test("a change that others have modified since is not undone, and their name is reported", async () => {
  for (const code of ["precondition", "conflict", "not_found"] as const) {
    const each = desk();
    each.write("a");
    each.failWith = new HoldfastError(code, "It has changed.", { body: { node: { id: "n1" } } });
    assert.deepEqual(await each.stack.undo(), { kind: "changed", label: "wrote a", by: "Ben" });
    assert.deepEqual([each.text, each.asked], ["a", ["n1"]]);
    assert.deepEqual(await each.stack.undo(), { kind: "nothing" });
  }
});

test("an undo that failed for lack of a connection can be retried; one that was refused cannot", async () => {
  const each = desk();
  each.write("a");
  const failure = new HoldfastError("unreachable", "The server cannot be reached.");
  each.failWith = failure;
  assert.deepEqual(await each.stack.undo(), { kind: "failed", label: "wrote a", failure });
  each.failWith = new HoldfastError("forbidden", "No.");
  assert.equal((await each.stack.undo()).kind, "failed");
  each.failWith = undefined;
  assert.equal((await each.stack.undo()).kind, "nothing");
});

test("at most 50 changes are kept, for one hour", async () => {
  const each = desk();
  for (let count = 0; count < 60; count += 1) {
    each.clock.nowMs += 1000;
    each.write("x");
  }
  let undone = 0;
  while ((await each.stack.undo()).kind === "done") undone += 1;
  assert.equal(undone, 50);
  each.write("y");
  each.clock.nowMs += hourMs + 1;
  assert.deepEqual(await each.stack.undo(), { kind: "nothing" });
});
