import assert from "node:assert/strict";
import { test } from "node:test";
import { FreshConflicts } from "./fresh-conflicts.ts";

const copyOf = (name: string): string => `docs/${name} (bert's conflicted copy 2026-01-31).txt`;

test("a copy already there when its sync began is old, and a later one is a new conflict", () => {
  const conflicts = new FreshConflicts([copyOf("known")], true);
  conflicts.done({ what: "created", direction: "up", path: copyOf("here") });
  conflicts.done({ what: "created", direction: "down", path: copyOf("there") });
  conflicts.done({ what: "copied aside", direction: "down", path: "docs/mine.txt" });
  const first = [copyOf("known"), copyOf("here"), copyOf("there"), copyOf("mine")];
  assert.deepEqual(conflicts.after(first, true), { fresh: [copyOf("mine")], found: [copyOf("here"), copyOf("there")] });
  assert.deepEqual(conflicts.after(first, true), { fresh: [], found: [] });
  conflicts.done({ what: "created", direction: "down", path: copyOf("theirs") });
  conflicts.done({ what: "created", direction: "up", path: copyOf("put here") });
  assert.deepEqual(conflicts.after([...first, copyOf("theirs"), copyOf("put here")], true), {
    fresh: [copyOf("theirs")],
    found: [copyOf("put here")],
  });
});
