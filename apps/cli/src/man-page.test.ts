import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { findProgram } from "@holdfast/tools/components";
import { ofCommand } from "./config/variables-of-command.ts";
import { commandTable } from "./commands/table.ts";

const file = join(import.meta.dirname, "../man/holdfast.1");
const launcher = resolve(import.meta.dirname, "../bin/holdfast");

function printed(): string {
  const { status, stdout, stderr } = spawnSync(launcher, ["help", "--man"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
}

test("the manual page matches the help", () => {
  const text = printed();
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(
    readFileSync(file, "utf8"),
    text,
    "write it anew: HOLDFAST_WRITE_DOCS=1 tools/node --test apps/cli/src/man-page.test.ts",
  );
  for (const name of Object.keys(commandTable))
    assert.match(text, new RegExp(`^\\.SS ${name.replaceAll("-", "\\\\-")}\\b`, "m"));
  for (const name of ofCommand) assert.match(text, new RegExp(`^\\.B ${name}$`, "m"));
  assert.match(text, /^\.SS admin users rename /m);
  assert.match(text, /^\\fB\\-\\-install\\-service\\fR$/m);
});

test("man reads it without warnings", (t) => {
  const groff = findProgram("groff");
  if (groff === undefined) return t.skip("there is no groff here");
  const { status, stdout, stderr } = spawnSync(groff, ["-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", "-P-o", file], {
    encoding: "utf8",
  });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  assert.match(stdout, /^EXIT STATUS$/m);
});
