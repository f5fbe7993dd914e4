import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityJson } from "@holdfast/protocol/activity-routes";
import { momentBefore } from "../../data/moments.ts";
import { findMoments, fromLocalField, toLocalField } from "./rewinds.ts";

test("a moment in the local field converts back to the same second, in winter and summer time", () => {
  for (const moment of ["2026-01-15T23:30:05.000Z", "2026-07-15T23:30:05.000Z"]) {
    assert.equal(fromLocalField(toLocalField(moment)), moment);
  }
});

test("an empty field has no moment", () => {
  assert.equal(toLocalField(undefined), "");
  assert.equal(fromLocalField(""), undefined);
});

test("the search for moments continues past pages without relevant changes, up to five pages", async () => {
  const asked: (string | undefined)[] = [];
  const list = (editedOn: number) => (page: { readonly cursor?: string }) => {
    asked.push(page.cursor);
    const number = Number(page.cursor ?? "1");
    const verb = number === editedOn ? ("edited" as const) : ("shared" as const);
    return Promise.resolve({
      items: [{ id: String(number), verb, actor: {} } as ActivityJson],
      next_cursor: String(number + 1),
    });
  };
  assert.deepEqual(
    (await findMoments(list(3))).map(({ id }) => id),
    ["3"],
  );
  assert.deepEqual(asked.splice(0), [undefined, "2", "3", "4", "5"]);
  assert.deepEqual(await findMoments(list(6)), []);
});

test("a deletion across many folders is one moment, just before its first file", async () => {
  const minute = (at: number) => new Date(Date.UTC(2026, 5, 1, 12, at)).toISOString();
  const item = (id: string, [since, at]: readonly [number, number], verb = "trashed"): ActivityJson => ({
    id,
    at: minute(at),
    since: minute(since),
    actor: { id: "ann", name: "Ann" },
    verb: verb as "trashed",
    node: { id, name: id },
    count: 10,
    detail: {},
  });
  const items = [item("d", [30, 31]), item("c", [20, 21]), item("b", [19, 20]), item("a", [18, 18])];
  const moments = async (all: readonly ActivityJson[]) =>
    (await findMoments(() => Promise.resolve({ items: all, next_cursor: null }))).map(
      (moment) => `${moment.id} ${moment.count} ${momentBefore(moment)}`,
    );
  assert.deepEqual(await moments(items), ["d 10 2026-06-01T12:29:59.999Z", "c 30 2026-06-01T12:17:59.999Z"]);
  assert.equal((await moments([item("b", [9, 9]), item("a", [8, 8], "edited")])).length, 2);
  const long = Array.from({ length: 12 }, (_, index) => item(String(index), [30 - index, 30 - index]));
  assert.equal((await moments(long)).length, 2, "an action lasts at most ten minutes");
});
