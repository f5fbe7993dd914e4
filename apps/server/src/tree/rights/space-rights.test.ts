import assert from "node:assert/strict";
import { test } from "node:test";
import { makeId, type NodeId, toBucket } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { type CountedGrant, rightsOf } from "./space-rights.ts";

const way = Array.from({ length: 6 }, (_, level) => makeId<NodeId>(toBucket(1), level, new Uint8Array(8)));
const grant: fc.Arbitrary<CountedGrant> = fc.record({
  node_id: fc.constantFrom(...way),
  kind: fc.constantFrom("user" as const, "group" as const),
  role: fc.constantFrom("uploader" as const, "viewer" as const, "commenter" as const, "editor" as const),
  via: fc.constantFrom(null, makeId<never>(toBucket(1), 9, new Uint8Array(8))),
  created_at: fc.nat(1000),
});

test("the rights of a whole path equal those of each node looked up alone (random)", () => {
  fc.assert(
    fc.property(fc.array(grant, { maxLength: 12 }), (grants) => {
      const rights = rightsOf(grants);
      const alone = way.map((_, index) => rights.nearest(way.slice(index)));
      assert.deepEqual(rights.nearestAll(way), alone);
    }),
  );
});

test("the older of two groups' equal grants at one node counts, in any order", () => {
  const [node] = way;
  const via = makeId<never>(toBucket(1), 9, new Uint8Array(8));
  assert.ok(node !== undefined);
  const givenAt = (createdAt: number): CountedGrant => ({
    node_id: node,
    kind: "group",
    role: "editor",
    via,
    created_at: createdAt,
  });
  const grants = [20, 10, 30].map(givenAt);
  for (const order of [grants, grants.toReversed()]) assert.equal(rightsOf(order).at(node)?.sinceMicros, 10);
});
