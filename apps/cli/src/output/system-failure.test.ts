import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import { toSentence } from "./system-failure.ts";

test("a system error is explained with its path", () => {
  const refused = Object.assign(new Error("EACCES: permission denied, lstat '/x/y'"), { code: "EACCES", path: "/x/y" });
  assert.match(toSentence(refused).message, /^\/x\/y: permission denied \(EACCES\)\. Check its owner/);
  assert.match(
    toSentence(toDiskError(refused, "create", "/x/y")).message,
    /^Could not create \/x\/y \(permission denied/,
  );
  assert.throws(
    () => readdirSync(import.meta.filename),
    (thrown) => /not a folder/.test(toSentence(thrown).message),
  );
});

test("Holdfast's own messages stay unchanged", () => {
  const own = new HoldfastError("not_found", "There is no /a.");
  assert.equal(toSentence(own), own);
});

test("a message about a field is a sentence", () => {
  const shown = (field: string, message: string) =>
    toSentence(new HoldfastError("invalid_field", message, { field })).message;
  assert.equal(shown("email", "email: is not an e-mail address."), 'The field "email" is not an e-mail address.');
  assert.equal(shown("a[0].b", "a[0].b: must be text."), 'The field "a[0].b" must be text.');
  assert.equal(shown("user", "user: specify a group or an account."), "Specify a group or an account.");
  assert.equal(shown("name", "The name is taken."), "The name is taken.");
});
