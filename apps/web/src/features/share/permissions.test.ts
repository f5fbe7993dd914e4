import assert from "node:assert/strict";
import { test } from "node:test";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import {
  chipNameOf,
  dayOf,
  endOfDay,
  inviteeOf,
  inviteesOf,
  keyOf,
  suggestedFor,
  takeAddresses,
} from "./permissions.ts";

const group = (id: string, name: string): GroupJson => ({
  id,
  name,
  role: "member",
  members: 2,
  plan: null,
  created_at: "2026-01-01T00:00:00Z",
});

const groups = [group("g1", "Family"), group("g2", "a@b")];

test("text matches an e-mail address, else a group by name, else nothing", () => {
  assert.deepEqual(inviteeOf(" family ", groups), { groupId: "g1", name: "Family" });
  assert.deepEqual(
    inviteeOf("A@B", groups),
    { email: "A@B" },
    "a group is not taken for the person whose address it has",
  );
  assert.deepEqual(inviteeOf("mia@example.org", groups), { email: "mia@example.org" });
  for (const text of ["", "mia", "mia@", "@example.org", "mia mio@example.org"])
    assert.equal(inviteeOf(text, groups), undefined);
  assert.deepEqual(inviteesOf("a@x.org b@x.org", []), [{ email: "a@x.org" }, { email: "b@x.org" }]);
  assert.deepEqual(inviteesOf(" ", []), []);
  for (const text of ["mia", "a@x.org, mia"]) assert.equal(inviteesOf(text, []), undefined, text);
});

test("suggestions are groups and people after a typed address, without those already chosen or with access", () => {
  const people = [
    { name: "Mia Farrow", email: "mia@example.org" },
    { name: "Amy Family", email: "amy@example.org" },
  ];
  const suggest = (text: string, taken: string[] = []) =>
    suggestedFor(text, { groups, people }, new Set(taken)).map(keyOf);
  assert.deepEqual(suggest("fam"), ["g1", "mia@example.org", "amy@example.org"]);
  assert.deepEqual(suggest("fam", ["g1", keyOf({ email: "AMY@example.org" })]), ["mia@example.org"]);
  assert.deepEqual(suggestedFor("Mia@Example.org", { groups, people: people.slice(0, 1) }, new Set()), [
    { name: "Mia Farrow", email: "mia@example.org" },
  ]);
  assert.deepEqual(suggestedFor("a@b", { groups, people: [] }, new Set()).map(keyOf), ["a@b", "g2"]);
  assert.deepEqual(suggest(" "), []);
});

test("a chip shows the address if the name is ambiguous or looks like an address", () => {
  const [ann, ben, other] = [
    { name: "Ann", email: "ann@x.org" },
    { name: "Ben", email: "ben@x.org" },
    { name: "Ben", email: "ben@y.org" },
  ];
  assert.equal(chipNameOf(ann, [ann, ben]), "Ann");
  assert.equal(chipNameOf(ben, [ann, ben, other]), "ben@x.org");
  const posing = { name: "boss@x.org", email: "mallory@x.org" };
  assert.equal(chipNameOf(posing, [posing]), "mallory@x.org");
});

test("complete addresses are extracted from a pasted list, and other text stays in the field", () => {
  const rests = {
    "Mia Lopez <mia@example.org>, ben@example.org;\nzoe@example.org, an": "an",
    "mia@example.org, ben@example.org zoe@example.org ": "",
    "Anna Berg, mia@example.org, ben@example.org,zoe@example.org,": "Anna Berg, ",
  };
  for (const [text, rest] of Object.entries(rests))
    assert.deepEqual(
      takeAddresses(text),
      { addresses: ["mia@example.org", "ben@example.org", "zoe@example.org"], rest },
      text,
    );
  for (const text of ["", "Mia Lopez", "mia@example.org", "mia, ben", "mia@home@example.org,", "a@x.org b"])
    assert.deepEqual(takeAddresses(text), { addresses: [], rest: text });
});

test("a permission ends at the end of its day in local time, and the field shows that day again", () => {
  const end = endOfDay("2027-01-31") ?? "";
  assert.equal(dayOf(end), "2027-01-31");
  assert.equal(new Date(end).getHours(), 23);
  assert.equal(endOfDay(""), undefined);
  assert.equal(dayOf(null), "");
});
