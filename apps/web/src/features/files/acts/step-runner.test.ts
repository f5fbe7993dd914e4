import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { Overlay } from "../../../data/overlay.ts";
import { testRow } from "../../../data/testing.ts";
import {
  inverseOf,
  type Step,
  stepsToCopy,
  stepsToMove,
  stepsToRestore,
  stepsToTrash,
  stepToRename,
  type Subject,
} from "./file-steps.ts";
import { type StepParts, takeSteps } from "./step-runner.ts";

type Sent = Extract<Step, { op: "move" }> & { readonly operation_id: string };
const reach = { getSnapshot: () => false };
let serversCount = 0;

/** Server with the file a.txt in home. Operations change its revision; one on another revision is a conflict. */
function oneFile() {
  const id = `f${++serversCount}`;
  const revision = (count: number) => `${id}-r${count}`;
  const node = { id, name: "a.txt", parent_id: "home", revision: revision(1) };
  let count = 1;
  const change = (values: Partial<typeof node>) => Object.assign(node, values, { revision: revision(++count) });
  const answered = ({ op, operation_id, base_revision, name, parent_id }: Sent) => {
    if (base_revision !== undefined && base_revision !== node.revision) {
      return { operation_id, status: "conflict", code: "conflict" };
    }
    change(op === "move" ? { name, parent_id } : {});
    const made = (op as string) === "copy" ? { ...node, id: "copy", name, parent_id } : { ...node };
    return { operation_id, status: "committed", node: made };
  };
  const client = {
    call: (_: string, { body }: { readonly body: { readonly operations: readonly Sent[] } }) =>
      Promise.resolve({ results: body.operations.map(answered) }),
  };
  const parts = { client, reach, folders: { take: () => {} }, overlay: new Overlay() } as unknown as StepParts;
  const seen: Subject = { id, name: "a.txt", parentId: "home", revision: node.revision };
  const take = (steps: readonly Step[], subject: Subject, together = false) =>
    takeSteps(parts, steps, new Map([[id, { subject, row: testRow(subject.name, { id }) }]]), together);
  return { node, seen, change, take };
}

test("an item renamed after it was cut is moved with its new name, which an undo keeps", async () => {
  const { node, seen, take } = oneFile();
  await take([stepToRename(seen, "bee.txt")], seen);
  const { taken } = await take(stepsToMove([seen], "to"), seen);
  assert.deepEqual([node.name, node.parent_id], ["bee.txt", "to"]);
  const [moved] = taken;
  assert.ok(moved !== undefined);
  assert.deepEqual([moved.before?.name, moved.before?.parentId], ["bee.txt", "home"]);
  await take(inverseOf(taken), moved.after, true);
  assert.deepEqual([node.name, node.parent_id], ["bee.txt", "home"]);
});

test("a move requested during a rename keeps the new name", async () => {
  const { node, seen, take } = oneFile();
  await Promise.all([take([stepToRename(seen, "bee.txt")], seen), take(stepsToMove([seen], "to"), seen)]);
  assert.deepEqual([node.name, node.parent_id], ["bee.txt", "to"]);
});

test("an item renamed from a stale row stays where it was moved", async () => {
  const { node, seen, take } = oneFile();
  await take(stepsToMove([seen], "to"), seen);
  const { taken } = await take([stepToRename(seen, "bee.txt")], seen);
  assert.deepEqual([node.name, node.parent_id], ["bee.txt", "to"]);
  assert.deepEqual([taken[0]?.before?.name, taken[0]?.before?.parentId], ["a.txt", "to"]);
});

test("a copy gets the current name of the original", async () => {
  const { seen, take } = oneFile();
  await take([stepToRename(seen, "bee.txt")], seen);
  const { taken } = await take(stepsToCopy([seen], "to"), seen);
  assert.equal(taken[0]?.after.name, "bee.txt");
});

test("an own act that ignores revisions does not license a later act to overwrite another user's change", async () => {
  const { node, seen, change, take } = oneFile();
  change({ name: "theirs.txt" });
  assert.equal((await take(stepsToTrash([seen]), seen)).taken.length, 1);
  assert.equal((await take(stepsToRestore([seen]), seen)).taken.length, 1);
  const { refused } = await take(stepsToMove([seen], "to"), seen);
  assert.deepEqual(
    refused.map(({ code }) => code),
    ["conflict"],
  );
  assert.deepEqual([node.name, node.parent_id], ["theirs.txt", "home"]);
});

test("no further batch is sent after a canceled one", async () => {
  let sent = 0;
  const client = {
    call: (_: string, { body }: { readonly body: { readonly operations: readonly object[] } }) => {
      sent += 1;
      return sent === 2
        ? Promise.reject(new HoldfastError("unreachable", "Canceled."))
        : Promise.resolve({ results: body.operations.map(() => ({ status: "error", code: "conflict" })) });
    },
  };
  const parts = { client, reach, folders: { take: () => {} }, overlay: new Overlay() } as unknown as StepParts;
  const subjects = Array.from({ length: 2500 }, (_, place) => ({
    id: `${place}`,
    name: `${place}`,
    parentId: "home",
    revision: "1",
  }));
  const known = new Map(subjects.map((subject) => [subject.id, { subject, row: testRow(subject.name, subject) }]));
  const { refused } = await takeSteps(parts, stepsToTrash(subjects), known);
  assert.equal(sent, 2);
  assert.deepEqual(
    refused.map(({ name, code }) => `${name} ${code}`),
    subjects.map(({ name }, place) => `${name} ${place < 1000 ? "conflict" : "unreachable"}`),
  );
});

test("a folder with an item that may not be deleted is refused with a reason of its own", async () => {
  const answers = ["contents", undefined].map((field) => ({ status: "error", code: "forbidden", field }));
  const client = { call: () => Promise.resolve({ results: answers }) };
  const parts = { client, reach, folders: { take: () => {} }, overlay: new Overlay() } as unknown as StepParts;
  const subjects = ["kept", "foreign"].map((id) => ({ id, name: id, parentId: "home", revision: "1" }));
  const known = new Map(subjects.map((subject) => [subject.id, { subject, row: testRow(subject.name, subject) }]));
  const { refused } = await takeSteps(parts, stepsToTrash(subjects), known);
  assert.deepEqual(
    refused.map(({ name, code }) => [name, code]),
    [
      ["kept", "contents"],
      ["foreign", "forbidden"],
    ],
  );
});
