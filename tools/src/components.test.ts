import assert from "node:assert/strict";
import { test } from "node:test";
import { findProgram, requireComponent } from "./components.ts";

const MISSING = "holdfast-no-such-program";

function withRequirement<T>(value: string | undefined, work: () => T): T {
  const before = process.env["HOLDFAST_REQUIRE_COMPONENTS"];
  if (value === undefined) delete process.env["HOLDFAST_REQUIRE_COMPONENTS"];
  else process.env["HOLDFAST_REQUIRE_COMPONENTS"] = value;
  try {
    return work();
  } finally {
    if (before === undefined) delete process.env["HOLDFAST_REQUIRE_COMPONENTS"];
    else process.env["HOLDFAST_REQUIRE_COMPONENTS"] = before;
  }
}

function recorder(): { reasons: string[]; skip: (reason?: string) => void } {
  const reasons: string[] = [];
  return { reasons, skip: (reason) => void reasons.push(reason ?? "") };
}

test("a program on PATH is found and the test continues", () => {
  const t = recorder();
  assert.equal(requireComponent(t, "sh"), true);
  assert.deepEqual(t.reasons, []);
  assert.match(findProgram("sh") ?? "", /\/sh$/);
});

test("a missing program skips the test and names the program", () => {
  const t = recorder();
  const present = withRequirement(undefined, () => requireComponent(t, MISSING));
  assert.equal(present, false);
  assert.deepEqual(t.reasons, [`${MISSING} is not installed`]);
});

test("a missing program fails the test if components are required", () => {
  const t = recorder();
  withRequirement("1", () => {
    assert.throws(() => requireComponent(t, MISSING), new RegExp(`${MISSING} is not installed`));
  });
  assert.deepEqual(t.reasons, []);
});

test("a folder with the program's name is not the program", () => {
  assert.equal(findProgram("."), undefined);
});
