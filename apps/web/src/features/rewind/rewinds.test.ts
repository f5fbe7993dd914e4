import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityJson } from "@holdfast/protocol/activity-routes";
import { findMoments, fromLocalField, toLocalField } from "./rewinds.ts";

test("a moment goes into the field and out of it as the same second, in winter and in summer", () => {
  for (const moment of ["2026-01-15T23:30:05.000Z", "2026-07-15T23:30:05.000Z"]) {
    assert.equal(fromLocalField(toLocalField(moment)), moment);
  }
});

test("an empty field is no moment", () => {
  assert.equal(toLocalField(undefined), "");
  assert.equal(fromLocalField(""), undefined);
});

test("changes are found behind pages of what a rewind leaves alone, and not without an end", async () => {
  const asked: (string | undefined)[] = [];
  const list = (editedOn: number) => (page: { readonly cursor?: string }) => {
    asked.push(page.cursor);
    const number = Number(page.cursor ?? "1");
    const verb = number === editedOn ? ("edited" as const) : ("shared" as const);
    return Promise.resolve({ items: [{ id: String(number), verb } as ActivityJson], next_cursor: String(number + 1) });
  };
  assert.deepEqual(
    (await findMoments(list(3))).map(({ id }) => id),
    ["3"],
  );
  assert.deepEqual(asked.splice(0), [undefined, "2", "3", "4", "5"]);
  assert.deepEqual(await findMoments(list(6)), []);
});
