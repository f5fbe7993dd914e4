import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation, RemoteOperation } from "../../plan/plan-types.ts";
import type { LocalRow, RemoteRow } from "../../model/trees.ts";
import { smallFirst } from "./small-first.ts";

const idOf = (text: string): NodeId => text as NodeId;
const place = { parent: idOf("root"), name: "name" };

function remote(op: "create" | "put" | "delete", id: string, sizeBytes = 0): RemoteOperation {
  const local = { kind: "file", fingerprint: { sizeBytes } } as LocalRow;
  if (op === "delete") return { op, id: idOf(id), base: {} as RemoteRow, seen: undefined };
  if (op === "create") return { op, id: idOf(id), place, local };
  return {
    op,
    id: idOf(id),
    local,
    base: {} as RemoteRow,
    executable: undefined,
    isPrivate: undefined,
    revive: undefined,
  };
}

function localOperation(
  op: "create" | "replace",
  id: string,
  row: Pick<RemoteRow, "kind" | "sizeBytes">,
): LocalOperation {
  const common = { id: idOf(id), remote: row as RemoteRow };
  if (op === "create") return { op, ...common, place };
  return { op, ...common, local: {} as LocalRow, executable: false, isPrivate: undefined };
}

const idsOf = (operations: readonly { readonly id: NodeId }[]): string[] => operations.map(({ id }) => id);

test("folders come first in their order, then edits, then new files, the small ones before the large ones", () => {
  const { local: here, remote: there } = smallFirst({
    local: [
      localOperation("create", "large", { kind: "file", sizeBytes: 9 }),
      localOperation("create", "folder", { kind: "folder", sizeBytes: 0 }),
      localOperation("create", "inner", { kind: "folder", sizeBytes: 0 }),
      localOperation("create", "small", { kind: "file", sizeBytes: 1 }),
      localOperation("replace", "edit", { kind: "file", sizeBytes: 5 }),
    ],
    remote: [
      remote("create", "large", 9),
      { op: "mkdir", id: idOf("folder"), place },
      { op: "mkdir", id: idOf("inner"), place },
      remote("create", "small", 1),
      remote("put", "edit", 5),
    ],
  });
  assert.deepEqual(idsOf(here), ["folder", "inner", "edit", "small", "large"]);
  assert.deepEqual(idsOf(there), ["folder", "inner", "edit", "small", "large"]);
});

test("a plan with deletions or groups keeps its order", () => {
  const operations = [remote("create", "large", 9), remote("create", "small", 1)];
  const deleting = [...operations, remote("delete", "gone")];
  assert.deepEqual(smallFirst({ local: [], remote: deleting }).remote, deleting);
  const grouped = operations.map((each) => Object.assign({}, each, { group: "cycle" }));
  assert.deepEqual(smallFirst({ local: [], remote: grouped }).remote, grouped);
});
