import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { OwnChanges } from "./own-changes.ts";

test("for mounts and their content, the revision alone is insufficient, because roles change without it", () => {
  const node = (id: string, kind: string, role: string) => ({ id, kind, role, revision: "r" }) as NodeJson;
  const nodes = [node("file", "file", "owner"), node("mount", "mount", "owner"), node("shared", "file", "editor")];
  const own = new OwnChanges();
  own.note(nodes.map((each) => ({ operation_id: each.id, status: "committed", node: each })));
  const briefOf = ({ id }: NodeJson): ChangeJson[] => [{ seq: 1, kind: "changed", id, revision: "r" }];
  const knows = (each: NodeJson): boolean => {
    const changes = briefOf(each);
    return own.fill(changes) !== undefined;
  };
  assert.deepEqual(nodes.map(knows), [true, false, false]);
});

test("a node that changed again after the response is fetched in full", () => {
  const node = { id: "file", kind: "file", role: "owner", revision: "r1", name: "old" } as NodeJson;
  const own = new OwnChanges();
  own.note([{ operation_id: "put", status: "committed", node }]);
  const brief = (revision: string): ChangeJson[] => [{ seq: 1, kind: "changed", id: "file", revision }];
  assert.equal(own.fill(brief("r2")), undefined);
  assert.deepEqual(own.fill(brief("r1")), [{ seq: 1, kind: "changed", id: "file", node }]);
});
