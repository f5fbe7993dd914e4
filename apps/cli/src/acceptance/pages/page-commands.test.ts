import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { makeProgram } from "../../commands/program.ts";
import { type Command, CommanderError } from "commander";
import { findCommands, holdfastCalls, pages, readCommands, withoutRemark } from "./page-commands.ts";

test("commands are found in sh blocks, after a dollar sign and in indented lines, without comments", () => {
  const page = [
    "# One",
    "```sh",
    "a 'b # c' # remark",
    "curl x \\",
    "  -d y",
    "```",
    "```",
    "$ holdfast ls",
    "a.txt",
    "```",
    "text",
    "    no command, but the text going on",
    "",
    "    holdfast ls   # remark",
    "",
    "    holdfast df",
    "- item",
    "",
    "        holdfast cat x",
    "",
    "    - an item below",
    "## Two",
    "```json",
    "{}",
    "```",
  ].join("\n");
  assert.deepEqual(
    findCommands("p", page).map(({ line, text, heading, block }) => [line, text, heading, block]),
    [
      [3, "a 'b # c'", "One", 1],
      [4, "curl x -d y", "One", 1],
      [8, "holdfast ls", "One", 2],
      [14, "holdfast ls", "One", 3],
      [16, "holdfast df", "One", 3],
      [19, "holdfast cat x", "One", 4],
    ],
  );
  assert.equal(withoutRemark(`a "#" b#c # d`), `a "#" b#c`);
});

test("calls are found in pipes, after variables and npx, with words split as by the shell", () => {
  assert.deepEqual(holdfastCalls(`A=b npx holdfast put - '/a b' < x | tar x && holdfast ls "q\\"r" > y`), [
    ["put", "-", "/a b"],
    ["ls", 'q"r'],
  ]);
  assert.deepEqual(holdfastCalls("cp holdfast x"), []);
});

async function makeParser(): Promise<Command> {
  const silent = new PassThrough();
  const program = await makeProgram(
    { environment: {}, stdin: silent, stdout: silent, stderr: silent, exitCode: 0 },
    "0",
  );
  const still = (command: Command): void => {
    if (command !== program) command.action(() => {});
    command.configureOutput({ writeOut: () => {}, outputError: () => {}, writeErr: () => {} });
    for (const child of command.commands) still(child);
  };
  still(program);
  return program;
}

async function refusal(program: Command, words: readonly string[]): Promise<string | undefined> {
  try {
    await program.parseAsync(words, { from: "user" });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    return words.includes("--help") && thrown.exitCode === 0 ? undefined : thrown.message;
  }
}

test("every command and option on a page exists", async () => {
  const program = await makeParser();
  const bad: string[] = [];
  let tried = 0;
  for (const { page, line, text } of pages.flatMap(readCommands)) {
    for (const words of holdfastCalls(text)) {
      tried += 1;
      const message = await refusal(program, words);
      if (message !== undefined) bad.push(`${page}:${line}: ${text}: ${message}`);
    }
  }
  assert.deepEqual(bad, []);
  assert.ok(tried > 150, `only ${tried} were found`);
  for (const wrong of ["frob", "ls --frob", "admin frob", "token rm"])
    assert.ok(await refusal(program, wrong.split(" ")), wrong);
});
