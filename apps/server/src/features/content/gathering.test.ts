import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "@holdfast/tools/properties";
import { Gathering } from "./gathering.ts";

test("gathered pieces contain the same bytes in order, each valid until the next", () => {
  const lengths = fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 10_000, max: 150_000 })), { maxLength: 30 });
  fc.assert(
    fc.property(lengths, (list) => {
      const pieces = list.map((length, index) => Buffer.alloc(length, index + 1));
      const gathering = new Gathering();
      const given: Buffer[] = [];
      for (const piece of pieces) {
        for (const out of gathering.add(Buffer.from(piece))) given.push(Buffer.from(out));
      }
      for (const out of gathering.end()) given.push(Buffer.from(out));
      assert.ok(Buffer.concat(given).equals(Buffer.concat(pieces)));
      for (const [index, out] of given.slice(1).entries()) {
        assert.ok(out.length + (given[index]?.length ?? 0) > 32 * 1024);
      }
    }),
    { numRuns: 100 },
  );
});
