import assert from "node:assert/strict";
import { test } from "node:test";
import { microsOf } from "./find-people.ts";

test("directory times are parsed in the formats of OpenLDAP and Active Directory only", () => {
  const at = (text: string) => Date.parse(text) * 1000;
  assert.equal(microsOf("20261127131753Z"), at("2026-11-27T13:17:53Z"));
  assert.equal(microsOf("20261127131753.25Z"), at("2026-11-27T13:17:53.250Z"));
  assert.equal(microsOf("133801234567890123"), at("2024-12-31T12:57:36.789Z") + 12);
  assert.equal(microsOf("116444736000000000"), 0);
  for (const text of [
    "",
    "0",
    "9223372036854775807",
    "20261327131753Z",
    "20261127131753",
    "20261127131753+0100",
    "now",
  ])
    assert.equal(microsOf(text), undefined, text);
});
