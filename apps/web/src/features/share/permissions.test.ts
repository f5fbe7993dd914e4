import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import { dayOf, endOfDay, type Invitee, inviteeOf, keyOf, suggestedFor, takeAddresses } from "./permissions.ts";

const group = (id: string, name: string): GroupJson => ({
  id,
  name,
  role: "member",
  members: 2,
  plan: null,
  created_at: "2026-01-01T00:00:00Z",
});

const groups = [group("g1", "Family"), group("g2", "a@b")];

test("a text means a group by its name in any case, else an address, else nobody", () => {
  assert.deepEqual(inviteeOf(" family ", groups), { groupId: "g1", name: "Family" });
  assert.deepEqual(inviteeOf("A@B", groups), { groupId: "g2", name: "a@b" });
  assert.deepEqual(inviteeOf("mia@example.org", groups), { email: "mia@example.org" });
  for (const text of ["", "mia", "mia@", "@example.org", "mia mio@example.org"])
    assert.equal(inviteeOf(text, groups), undefined);
});

test("suggestions are groups, people and the address itself, without those chosen already", () => {
  const people = [
    { name: "Mia Farrow", email: "mia@example.org" },
    { name: "Amy Family", email: "amy@example.org" },
  ];
  const suggest = (text: string, chosen: Invitee[] = []) => suggestedFor(text, { groups, people }, chosen).map(keyOf);
  assert.deepEqual(suggest("fam"), ["g1", "mia@example.org", "amy@example.org"]);
  assert.deepEqual(suggest("fam", [{ groupId: "g1", name: "Family" }, { email: "AMY@example.org" }]), [
    "mia@example.org",
  ]);
  assert.deepEqual(suggestedFor("Mia@Example.org", { groups, people: people.slice(0, 1) }, []), [
    { name: "Mia Farrow", email: "mia@example.org" },
  ]);
  assert.deepEqual(suggestedFor("new@example.org", { groups, people: [] }, []), [{ email: "new@example.org" }]);
  assert.deepEqual(suggest(" "), []);
});

test("finished addresses are taken out of a pasted list, and the last one stays in the field", () => {
  assert.deepEqual(takeAddresses("Mia Lopez <mia@example.org>, ben@example.org;\nzoe@example.org an"), {
    addresses: ["mia@example.org", "ben@example.org", "zoe@example.org"],
    rest: "an",
  });
  for (const text of ["", "Mia Lopez", "mia@example.org", "mia, ben"])
    assert.deepEqual(takeAddresses(text), { addresses: [], rest: text });
});

test("a permission lasts to the end of its day where the user is, and the field shows that day again", () => {
  const end = endOfDay("2027-01-31") ?? "";
  assert.equal(dayOf(end), "2027-01-31");
  assert.equal(new Date(end).getHours(), 23);
  assert.equal(endOfDay(""), undefined);
  assert.equal(dayOf(null), "");
});
