import assert from "node:assert/strict";
import { test } from "node:test";
import { fromLocalField, toLocalField } from "./rewinds.ts";

test("a moment goes into the field and out of it as the same second, in winter and in summer", () => {
  for (const moment of ["2026-01-15T23:30:05.000Z", "2026-07-15T23:30:05.000Z"]) {
    assert.equal(fromLocalField(toLocalField(moment)), moment);
  }
});

test("an empty field is no moment", () => {
  assert.equal(toLocalField(undefined), "");
  assert.equal(fromLocalField(""), undefined);
});
