import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderLimits } from "./limits-page.ts";

test("docs/limits.md says what the code does", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../../docs/limits.md"), "utf8");
  assert.equal(text, renderLimits(), "run: node apps/server/src/operation/write-limits-page.ts");
});
