import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { fc } from "@holdfast/tools/properties";
import { readFilter } from "./read-filter.ts";

const attributes = ["userName", "externalId", "emails.value", "id"] as const;
const read = (text: string) => readFilter(text, attributes);

function assertRefused(text: string): void {
  assert.throws(
    () => read(text),
    (error) => error instanceof HoldfastError && error.body["scimType"] === "invalidFilter",
    text.slice(0, 100),
  );
}

test("filters of identity systems are parsed in every spelling", () => {
  const ada = { attribute: "userName", value: "ada@example.com" };
  for (const text of [
    'userName eq "ada@example.com"',
    'USERNAME Eq "ada@example.com"',
    '  username eq  "ada@example.com" ',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName eq "ada@example.com"',
  ])
    assert.deepEqual(read(text), ada, text);
  for (const path of ["emails", "emails.value", 'emails[type eq "work"].value', 'emails[type eq "work"]'])
    assert.deepEqual(read(`${path} eq "a@b"`), { attribute: "emails.value", value: "a@b" }, path);
  assert.deepEqual(read(String.raw`externalId eq "a \"b\" \u00e4 c"`), { attribute: "externalId", value: 'a "b" ä c' });
});

test("unsupported filters are rejected as invalidFilter", () => {
  for (const text of [
    "",
    "userName",
    "userName eq",
    "userName eq ada",
    'userName co "a"',
    'userName sw "a"',
    "userName pr",
    'userName eq "a" or userName eq "b"',
    'userName eq "a" and active eq true',
    'not (userName eq "a")',
    'password eq "a"',
    'userName eq "a',
    String.raw`userName eq "a\"`,
    'userName eq "a" "b"',
    'userName eq "a\nb"',
    "id eq null",
    `${"(".repeat(200)}userName eq "a"${")".repeat(200)}`,
    `userName eq "${"a".repeat(limits.scimFilterLengthMax)}"`,
    `emails${'[type eq "a"]'.repeat(30)} eq "a"`,
    'constructor eq "a"',
    '__proto__ eq "a"',
  ])
    assertRefused(text);
});

test("any text is parsed as one attribute and value or rejected, quickly", () => {
  const pieces = [
    "userName",
    "emails",
    "[",
    "]",
    '"',
    "\\",
    " ",
    "eq",
    "(",
    ")",
    "and",
    "not",
    ".",
    "value",
    "\u0000",
    "𝒳",
    ":",
    "a",
  ];
  const hostile = fc.array(fc.constantFrom(...pieces), { maxLength: 400 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: "binary", maxLength: 600 })), (text) => {
      try {
        const { attribute, value } = read(text);
        assert.ok(attributes.includes(attribute) && value.length <= limits.scimFilterLengthMax);
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.body["scimType"] === "invalidFilter", String(error));
      }
    }),
    { numRuns: 5000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (value) => {
      assert.equal(read(`userName eq ${JSON.stringify(value)}`).value, value);
    }),
  );
});
