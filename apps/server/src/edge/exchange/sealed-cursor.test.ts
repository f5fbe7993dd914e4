import assert from "node:assert/strict";
import { test } from "node:test";
import { sealedCursors } from "./sealed-cursor.ts";

const key = Buffer.alloc(32, 7);
const plain = Buffer.from(JSON.stringify([17, "01a1ff14-71e7-88bb-b1ea-426056134fe2"])).toString("base64url");

test("a sealed cursor opens only for its caller and list, is opaque and differs each time", () => {
  const cursors = sealedCursors(key, "trash a b");
  const page = { items: [], next_cursor: plain };
  const [one, two] = [cursors.seal(page).next_cursor, cursors.seal(page).next_cursor];
  assert.equal(cursors.open(one), plain);
  assert.notEqual(one, two);
  assert.ok(!Buffer.from(one, "base64url").toString("latin1").includes("01a1ff14"), one);
  assert.equal(cursors.seal({ next_cursor: null }).next_cursor, null);
  assert.equal(cursors.open(undefined), undefined);
  const refused = { code: "bad_request", field: "cursor" };
  for (const wrong of [plain, "", "x", one.slice(0, -2), `${one.startsWith("A") ? "B" : "A"}${one.slice(1)}`]) {
    assert.throws(() => cursors.open(wrong), refused, wrong);
  }
  assert.throws(() => sealedCursors(key, "trash a c").open(one), refused, "of another folder");
  assert.throws(() => sealedCursors(Buffer.alloc(32, 8), "trash a b").open(one), refused, "of another server");
});
