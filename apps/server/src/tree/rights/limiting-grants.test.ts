import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { isLimiting } from "./limiting-grants.ts";
import type { LiveGrant } from "./space-rights.ts";

const grantAt = (node: string, role: LiveGrant["role"]) =>
  ({ space_id: "space", node_id: node, kind: "user", role, via: null }) as LiveGrant;

test("the limits of a grant are determined without reading the holder's grants elsewhere", () => {
  let looks = 0;
  const elsewhere = new Proxy<LiveGrant[]>([grantAt("elsewhere", "editor")], {
    get: (...asked) => {
      looks += 1;
      return Reflect.get(...asked) as unknown;
    },
  });
  const others = new Map<NodeId, readonly LiveGrant[]>([
    ["elsewhere" as NodeId, elsewhere],
    ["above" as NodeId, [grantAt("above", "editor")]],
  ]);
  const wayUp = () => ["here", "above"] as NodeId[];
  assert.equal(isLimiting(grantAt("here", "viewer"), others, wayUp), true);
  assert.equal(isLimiting(grantAt("here", "editor"), others, wayUp), false);
  assert.equal(looks, 0);
});
