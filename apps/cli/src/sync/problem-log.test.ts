import assert from "node:assert/strict";
import { test } from "node:test";
import { ProblemLog } from "./problem-log.ts";

const problem = (path: string) => ({ path, code: "locked", message: "Locked on the server." });
const pathsOf = ({ begun, ended }: ReturnType<ProblemLog["after"]>) =>
  [begun, ended].map((each) => each.map(({ path }) => path));

test("a problem is logged when it begins and ends, and not again by a run that finds it unchanged", () => {
  const first = new ProblemLog([]);
  assert.deepEqual(pathsOf(first.after([problem("a")], true)), [["a"], []]);
  const second = new ProblemLog([problem("a")]);
  assert.deepEqual(pathsOf(second.after([], false)), [[], []], "nothing is known while it looks");
  assert.deepEqual(pathsOf(second.after([problem("a"), problem("b")], false)), [["b"], []]);
  assert.deepEqual(pathsOf(second.after([problem("a"), problem("b")], true)), [[], []]);
  assert.deepEqual(pathsOf(second.after([problem("b")], true)), [[], ["a"]]);
  assert.deepEqual(pathsOf(second.after([problem("a"), problem("b")], true)), [["a"], []]);
});

test("many problems that end together are one entry", () => {
  const log = new ProblemLog(["a", "b", "c", "d"].map(problem));
  const { ended } = log.after([], true);
  assert.match(ended[0]?.message ?? "", /^4 files: Locked on the server\. \(a, b, c and 1 more\)$/);
});
