import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { groupWishOfPatch } from "./read-group.ts";
import { patchBody, userBody, wishOf, wishOfPatch } from "./read-user.ts";

const ada = "00000000-0000-8000-8000-000000000001";
const ben = "00000000-0000-8000-8000-000000000002";

test("a name is the display name, else the formatted name, else both parts", () => {
  const nameOf = (body: object) => wishOf(userBody.parse({ userName: "a@b", ...body })).name;
  const name = { formatted: "Ms. Ada L.", givenName: "Ada", familyName: "Lovelace" };
  assert.equal(nameOf({ displayName: "Ada", name }), "Ada");
  assert.equal(nameOf({ displayName: " ", name }), "Ms. Ada L.");
  assert.equal(nameOf({ name: { ...name, formatted: null } }), "Ada Lovelace");
  assert.equal(nameOf({ name: { familyName: "Lovelace" } }), undefined);
  assert.equal(nameOf({ displayName: null, name: null }), undefined);
});

test("PATCH operations apply in order, in every form", () => {
  const read = (...Operations: object[]) => wishOfPatch(patchBody.parse({ Operations }));
  const asIs = { userName: undefined, active: undefined, externalId: undefined, name: undefined };
  assert.deepEqual(
    read({ op: "Replace", path: "active", value: "False" }, { op: "replace", value: { active: true } }),
    { ...asIs, active: true },
  );
  const parts = [
    { op: "Add", path: "name.givenName", value: "Ada" },
    { op: "Add", path: "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName", value: "Lovelace" },
  ];
  assert.deepEqual(read(...parts), { ...asIs, name: "Ada Lovelace" });
  assert.deepEqual(read({ op: "remove", path: "externalId" }), { ...asIs, externalId: null });
  assert.deepEqual(read({ op: "add", value: { title: "x", 'addresses[type eq "work"].country': "UK" } }), asIs);
});

test("members added and removed in one PATCH end in the last state", () => {
  const read = (...Operations: object[]) => groupWishOfPatch(patchBody.parse({ Operations }));
  const come = { op: "add", path: "members", value: [{ value: ada }, { value: ben }] };
  const goes = { op: "Remove", path: `members[value eq "${ada}"]` };
  const { added, removed, members } = read(come, goes);
  assert.deepEqual([[...added], [...removed], members], [[ben], [ada], undefined]);
  const emptied = read(come, { op: "remove", path: "members" }, { op: "add", path: "members", value: { value: ada } });
  assert.deepEqual([[...(emptied.members ?? [ben])], [...emptied.added]], [[], [ada]]);
});

test("any PATCH is parsed or rejected with a SCIM error", () => {
  const path = fc.oneof(
    fc.constantFrom(
      "active",
      "members",
      "id",
      "name.formatted",
      "__proto__",
      "constructor",
      "name.__proto__",
      "",
      "a[b]",
    ),
    fc.string({ unit: "binary", maxLength: 80 }),
  );
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom({ active: "true" }, [{ value: ada }], { members: [] }, null));
  const operation = fc.record(
    { op: fc.constantFrom("add", "Replace", "REMOVE", "move", ""), path, value },
    { requiredKeys: ["op"] },
  );
  fc.assert(
    fc.property(fc.array(operation, { minLength: 1, maxLength: 5 }), (Operations) => {
      const body = patchBody.parse({ Operations });
      for (const read of [wishOfPatch, groupWishOfPatch]) {
        try {
          read(body);
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.body["scimType"] !== undefined, String(error));
        }
      }
      assert.equal(Object.hasOwn(Object.prototype, "active"), false);
    }),
    { numRuns: isLongTier ? 10_000 : 1000 },
  );
});
