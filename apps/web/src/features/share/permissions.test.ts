import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { dayOf, endOfDay, granteeOf } from "./permissions.ts";

const group = (id: string, name: string): GroupJson => ({
  id,
  name,
  role: "member",
  members: 2,
  plan: null,
  created_at: "2026-01-01T00:00:00Z",
});

test("a text means a group by its name in any case, else an address, else nobody", () => {
  const groups = [group("g1", "Family"), group("g2", "a@b")];
  assert.deepEqual(granteeOf(" family ", groups), { group_id: "g1" });
  assert.deepEqual(granteeOf("A@B", groups), { group_id: "g2" });
  assert.deepEqual(granteeOf("mia@example.org", groups), { email: "mia@example.org" });
  for (const text of ["", "mia", "mia@", "@example.org", "mia mio@example.org"])
    assert.equal(granteeOf(text, groups), undefined);
});

test("a permission lasts to the end of its day where the user is, and the field shows that day again", () => {
  const end = endOfDay("2027-01-31") ?? "";
  assert.equal(dayOf(end), "2027-01-31");
  assert.equal(new Date(end).getHours(), 23);
  assert.equal(endOfDay(""), undefined);
  assert.equal(dayOf(null), "");
});
