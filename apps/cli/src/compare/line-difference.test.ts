import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { applyPatch } from "diff";
import { fc } from "@holdfast/tools/properties";
import { lineDifference } from "./line-difference.ts";

/** Few distinct lines, so that they repeat and differences are ambiguous. The last may have no line end. */
const text = fc
  .tuple(fc.array(fc.constantFrom("a", "b", "", "ä\r", "a\tb"), { maxLength: 40 }), fc.boolean())
  .map(([lines, ended]) => lines.join("\n") + (ended ? "\n" : ""));

const versions = fc
  .tuple(text, fc.array(fc.tuple(fc.nat(60), fc.nat(3), text), { maxLength: 4 }))
  .map(([from, changes]) => {
    const lines = from.split("\n");
    for (const [at, remove, insert] of changes) lines.splice(at, remove, ...insert.split("\n").slice(0, 3));
    return [from, lines.join("\n")] as const;
  });

function patchOf(from: string, to: string): string {
  const { lines } = lineDifference(Buffer.from(from), Buffer.from(to));
  return ["--- f", "+++ f", ...lines].map((line) => `${line}\n`).join("");
}

test("the difference of any two texts turns one into the other", () => {
  fc.assert(
    fc.property(fc.oneof(versions, fc.tuple(text, text)), ([from, to]) => {
      const patch = patchOf(from, to);
      if (from === to) assert.equal(patch, "--- f\n+++ f\n");
      else assert.equal(applyPatch(from, patch, { fuzzFactor: 0 }), to);
    }),
    { numRuns: 2000 },
  );
});

test("the system's patch reads it", (t) => {
  if (!requireComponent(t, "patch")) return;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-patch-"));
  const file = join(folder, "f");
  try {
    fc.assert(
      fc.property(versions, ([from, to]) => {
        if (from === to) return;
        writeFileSync(file, from);
        const args = ["--binary", "--quiet", "--fuzz=0", "--posix", file];
        const { status, stdout } = spawnSync("patch", args, { input: patchOf(from, to), encoding: "utf8" });
        assert.equal(status, 0, stdout);
        // `patch` removes a file that becomes empty.
        if (to !== "") assert.equal(readFileSync(file, "utf8"), to);
      }),
      { numRuns: 100 },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("lines are numbered from the start of the file, with three lines of context", () => {
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`);
  const changed = lines.with(499, "another").toSpliced(799, 1);
  const { lines: hunks } = lineDifference(Buffer.from(lines.join("\n")), Buffer.from(changed.join("\n")));
  assert.deepEqual(hunks, [
    "@@ -497,7 +497,7 @@",
    " line 497",
    " line 498",
    " line 499",
    "-line 500",
    "+another",
    " line 501",
    " line 502",
    " line 503",
    "@@ -797,7 +797,6 @@",
    " line 797",
    " line 798",
    " line 799",
    "-line 800",
    " line 801",
    " line 802",
    " line 803",
  ]);
});

test("a complete rewrite is reported as one replaced range", () => {
  const side = (word: string) => Array.from({ length: 50_000 }, (_, index) => `${word} ${index}`);
  const [from, to] = [
    ["first", ...side("old"), "last"],
    ["first", ...side("new"), "last"],
  ].map((lines) => Buffer.from(lines.join("\n"))) as [Buffer, Buffer];
  const { lines, replaced } = lineDifference(from, to);
  assert.ok(replaced);
  assert.equal(lines[0], "@@ -1,50002 +1,50002 @@");
  assert.equal(lines.length, 1 + 1 + 100_000 + 1 + 1);
});
