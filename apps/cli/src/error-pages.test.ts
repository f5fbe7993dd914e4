import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { errorMeanings } from "@holdfast/core/error-meanings";
import { type ErrorCode, errorTable } from "@holdfast/core/errors";
import { exitCodes } from "./exit-codes.ts";

const codes = Object.keys(errorTable) as ErrorCode[];
const again = "write it anew: HOLDFAST_WRITE_DOCS=1 tools/node apps/cli/src/error-pages.test.ts && npx oxfmt docs";

test("docs/api.md lists every error code with its status, meaning and advice", () => {
  hold(
    "docs/api.md",
    ["code", "status", "exit code", "again", "means", "do"],
    codes.map((code) => {
      const { status, exitCode, retryable } = errorTable[code];
      const { means, todo } = errorMeanings[code];
      return [`\`${code}\``, `${status}`, `${exitCode}`, retryable ? "yes" : "no", means, todo];
    }),
  );
});

test("docs/command.md lists every exit code, and every error has one of them", () => {
  hold("docs/command.md", ["exit code", "means"], Object.entries(exitCodes));
  for (const code of codes) assert.ok(Object.hasOwn(exitCodes, errorTable[code].exitCode), code);
  const raised = new Set<number>([0, 130, 143, ...codes.map((code) => errorTable[code].exitCode)]);
  assert.deepEqual(
    Object.keys(exitCodes)
      .map(Number)
      .filter((code) => !raised.has(code)),
    [],
  );
});

function hold(page: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const file = join(import.meta.dirname, "../../..", page);
  const lines = readFileSync(file, "utf8").split("\n");
  const begin = lines.findIndex((line) => cells(line).join("|") === head.join("|"));
  assert.ok(begin >= 0, `${page} has no table with ${head.join(", ")}`);
  const length = lines.slice(begin).findIndex((line) => !line.startsWith("|"));
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") {
    const table = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
    return writeFileSync(file, lines.toSpliced(begin, length, ...table).join("\n"));
  }
  assert.deepEqual(lines.slice(begin + 2, begin + length).map(cells), rows, again);
}

function cells(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}
