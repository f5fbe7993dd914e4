import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clashesIn,
  decided,
  inverseOf,
  reasonsOf,
  type Step,
  stepsToCopy,
  stepsToMove,
  stepsToTrash,
  stepToRename,
  type Subject,
  type Taken,
} from "./file-steps.ts";

const file: Subject = { id: "f", name: "a.txt", parentId: "home", revision: "r1" };
const taken = (step: Step | undefined, after: Partial<Subject>): Taken => {
  assert.ok(step !== undefined);
  return { step, before: file, after: { ...file, revision: "r2", ...after } };
};

test("an undo names the state that the step left, which protects later changes by others", () => {
  const moved = taken(stepsToMove([file], "there")[0], { parentId: "there" });
  assert.deepEqual(inverseOf([moved]), [
    { op: "move", file_id: "f", parent_id: "home", name: "a.txt", base_revision: "r2" },
  ]);
  const renamed = taken(stepToRename(file, "b.txt"), { name: "b.txt" });
  assert.deepEqual(inverseOf([renamed]), [
    { op: "move", file_id: "f", parent_id: "home", name: "a.txt", base_revision: "r2" },
  ]);
  assert.deepEqual(inverseOf([taken(stepsToTrash([file])[0], {})]), [
    { op: "restore", file_id: "f", base_revision: "r2" },
  ]);
  assert.deepEqual(inverseOf([taken(stepsToCopy([file], "there")[0], { id: "g" })]), [
    { op: "delete", file_id: "g", base_revision: "r2" },
  ]);
  const made = taken({ op: "mkdir", parent_id: "home", name: "n" }, { id: "n", seq: 7 });
  assert.deepEqual(inverseOf([made]), [{ op: "delete", file_id: "n", base_revision: "r2", seen: 7 }]);
});

test("steps are undone in reverse order", () => {
  const two = [
    taken(stepToRename(file, "b"), { name: "b" }),
    taken({ op: "mkdir", parent_id: "f", name: "n" }, { id: "n" }),
  ];
  assert.deepEqual(
    inverseOf(two).map(({ op }) => op),
    ["delete", "move"],
  );
});

test("a copy beside its original is renamed automatically; elsewhere a name clash is reported", () => {
  assert.equal(stepsToCopy([file], "home")[0]?.on_conflict, "rename");
  assert.equal(stepsToCopy([file], "there")[0]?.on_conflict, undefined);
});

test("only name clashes without a rule lead to a question; other refusals are reported by reason", () => {
  const step = stepsToMove([file], "there")[0] as Step;
  const refused = [
    { step, name: "a", code: "exists" },
    { step, name: "b", code: "forbidden" },
    { step, name: "c", code: "forbidden" },
  ];
  const clashes = clashesIn({ taken: [], refused });
  assert.deepEqual(
    clashes.map(({ name }) => name),
    ["a"],
  );
  const ruled = { step: { ...step, on_conflict: "fail" as const }, name: "d", code: "exists" };
  assert.deepEqual(clashesIn({ taken: [], refused: [ruled] }), []);
  assert.deepEqual(decided(clashes, "keep")[0]?.on_conflict, "rename");
  assert.deepEqual(reasonsOf(refused)[0], { code: "forbidden", names: ["b", "c"] });
});
