import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeJson } from "@holdfast/protocol/values";
import { OwnChanges } from "./own-changes.ts";

test("of mounts, and of what is in them, the revision alone is not enough: what one may do there changes without it", () => {
  const nodes = [
    { id: "file", kind: "file", role: "owner" },
    { id: "mount", kind: "mount", role: "owner" },
    { id: "shared", kind: "file", role: "editor" },
  ].map((node) => ({ ...node, revision: "r" }) as NodeJson);
  const own = new OwnChanges();
  own.note(nodes.map((node) => ({ operation_id: node.id, status: "committed", node })));
  const filled = nodes.map(({ id }) => own.fill([{ seq: 1, kind: "changed", id, revision: "r" }])?.[0]?.node?.id);
  assert.deepEqual(filled, ["file", undefined, undefined]);
});
