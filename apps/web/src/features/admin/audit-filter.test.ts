import assert from "node:assert/strict";
import { test } from "node:test";
import { isAbout, periodOf } from "./audit-filter.ts";

const people = new Map([
  ["1", { name: "Ann", email: "ann@example.com" }],
  ["2", { name: "Bob", email: "bob@example.com" }],
]);

test("entries are found by name, address or ID of the actor or of the account concerned", () => {
  const byAnn = { user_id: "1" };
  const ofBobByAnn = { user_id: "1", target: "2" };
  const byNobody = {};
  const found = (search: string) => [byAnn, ofBobByAnn, byNobody].map((entry) => isAbout(entry, { search, people }));
  assert.deepEqual(found("ann"), [true, true, false]);
  assert.deepEqual(found("BOB@example"), [false, true, false]);
  assert.deepEqual(found("2"), [false, true, false]);
  assert.deepEqual(found("ann bob"), [false, false, false], "one account must have all words");
  assert.equal(isAbout({ user_id: "gone" }, { search: "gone", people }), true);
  const sought = { search: "zoe", people, found: new Set(["3"]) };
  const isFound = [{ user_id: "3" }, { user_id: "1", target: "3" }, byAnn].map((entry) => isAbout(entry, sought));
  assert.deepEqual(isFound, [true, true, false], "the server's search counts too");
});

test("a period runs from its first to its last day in the browser's time zone", () => {
  assert.deepEqual(periodOf({ from: "", to: "" }), {});
  assert.deepEqual(periodOf({ from: "0202-01-31", to: "20261-01-31" }), {}, "the server would reject them");
  const { from = "", to = "" } = periodOf({ from: "2026-01-31", to: "2026-01-31" });
  assert.equal(new Date(from).getTime(), new Date(2026, 0, 31).getTime());
  assert.equal(new Date(to).getTime(), new Date(2026, 1, 1).getTime());
});
