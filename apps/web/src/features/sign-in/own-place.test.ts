import assert from "node:assert/strict";
import { test } from "node:test";
import { ownPlace } from "./own-place.ts";

test("the sign-in returns only to places of this site", () => {
  assert.equal(ownPlace("/files/abc?sort=-name"), "/files/abc?sort=-name");
  for (const next of [
    undefined,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2e//evil.example",
    "javascript:alert(1)",
    "files",
    "/sign-in?next=/x",
  ]) {
    assert.equal(ownPlace(next), "/files", String(next));
  }
});
