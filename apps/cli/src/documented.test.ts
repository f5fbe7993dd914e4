import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { test } from "node:test";
import type { Command } from "commander";
import { makeProgram } from "./commands/program.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/command.md"), "utf8");
const lines = page.split("\n");

test("docs/command.md names every command", async () => {
  const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
  const program = await makeProgram({ environment: {}, ...streams, exitCode: 0 }, "0");
  const missing = leaves(program, []).filter((words) => !isNamed(words));
  assert.deepEqual(
    missing.map((words) => words.join(" ")),
    [],
  );
});

function leaves(command: Command, before: readonly string[]): string[][] {
  return command.commands.flatMap((child) => {
    const words = [...before, child.name()];
    return child.commands.length === 0 ? [words] : leaves(child, words);
  });
}

/**
 * True if the page names the command, or a comment of another command of its group does: `admin users promote #
 * 'demote' reverses it`. A group without a subcommand runs its `ls`.
 */
function isNamed(words: readonly string[]): boolean {
  const [group, name = ""] = [words.slice(0, -1).join(" "), words.at(-1)];
  if (page.includes(words.join(" "))) return true;
  if (name === "ls" && page.includes(`holdfast ${group} `)) return true;
  return lines.some((line) => line.includes(`holdfast ${group} `) && new RegExp(`# .*'${name}\\b`).test(line));
}
