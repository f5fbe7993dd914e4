import assert from "node:assert/strict";
import { test } from "node:test";
import { missingNames } from "./named-tests.ts";

const names = {
  tests: new Map([
    ["packages/a/src/one.test.ts", ["it is one", "it is two"]],
    ["packages/a/src/other.test.ts", ["it is another"]],
  ]),
  bugs: ["it forgets"],
};

test("names are found by the end of a path, a file's short name and part of a test's name", () => {
  const text = `_one_ is \`packages/a/src/one.test.ts\`, all \`other.test.ts\`: "it is another".
    Tests: _one_ ("it is one", "is\n    two"), _one_: "it is …"; bugs "it forgets".`;
  assert.deepEqual(missingNames(text, names), []);
});

test("a missing file, test or planted bug is reported", () => {
  const text = `_one_ is \`one.test.ts\`. Tests: _one_ ("it is one", "it is three"), \`none.test.ts\`, _all_: "any"; bug "it dreams".`;
  assert.deepEqual(missingNames(text, names), [
    "there is no none.test.ts",
    'there is no test "it is three" in packages/a/src/one.test.ts',
    'there is no test "any" in all',
    'no bug "it dreams" can be planted',
  ]);
});
