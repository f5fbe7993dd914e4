import assert from "node:assert/strict";
import { test } from "node:test";
import { assertMay, roleMay } from "./roles.ts";

test("the permissions of each role match the table of the contract", () => {
  const roles = ["viewer", "commenter", "editor", "uploader", "owner"] as const;
  const acts = ["read", "comment", "create", "write", "share", "own"] as const;
  const table = roles.map((role) => acts.map((act) => (roleMay(role, act) ? "x" : ".")).join(""));
  assert.deepEqual(table, ["x.....", "xx....", "xxxxx.", "..x...", "xxxxxx"]);
  assert.throws(() => assertMay({ role: "viewer" }, "write"), { code: "forbidden", message: /viewer/ });
  assertMay({ role: "owner" }, "own");
});
