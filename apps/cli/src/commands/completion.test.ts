import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runHere } from "./testing-run.ts";

test("bash accepts the completion script, which completes commands, options and nested commands", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "holdfast-completion-"));
  t.after(() => rmSync(home, { recursive: true }));
  const { stdout, code } = await runHere({ HOLDFAST_CONFIG_DIR: home }, ["completion", "bash"]);
  assert.equal(code, 0);
  const complete = (...words: string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(" ");
    const script = `${stdout}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const ran = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8", cwd: home });
    assert.equal(ran.stderr, "");
    return ran.stdout.split("\n").filter(Boolean);
  };
  assert.deepEqual(complete("holdfast", "w"), ["whoami"]);
  assert.deepEqual(complete("holdfast", "admin", "users", "di"), ["disable"]);
  assert.deepEqual(complete("holdfast", "--json", "admin", "users", "--quiet", "inv"), ["invite"]);
  assert.deepEqual(complete("holdfast", "rm", "--per"), ["--permanent"]);
  assert.deepEqual(complete("holdfast", "completion", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(complete("holdfast", "hel"), ["help"]);
  assert.deepEqual(complete("holdfast", "help", "who"), ["whoami"]);
  assert.deepEqual(complete("holdfast", "help", "admin", "users", "di"), ["disable"]);
  assert.deepEqual([...complete("holdfast", "version", ""), ...complete("holdfast", "version", "-")], []);
  assert.deepEqual(complete("holdfast", "share", "/x", "--role", "e"), ["editor"]);
  assert.deepEqual(complete("holdfast", "link", "/x", "--role", "u"), ["uploader"]);
  for (const name of ["a file", "another"]) writeFileSync(join(home, name), "");
  assert.deepEqual(complete("holdfast", "put", "a").toSorted(), ["a file", "another"]);
  assert.deepEqual(complete("holdfast", "put", "--quiet", "another", "a f"), ["a file"]);
  assert.deepEqual(complete("holdfast", "get", "/remote", "a f"), ["a file"]);
  assert.deepEqual(complete("holdfast", "serve", "--data", "anot"), ["another"]);
  for (const words of [["rm"], ["ls"], ["get"], ["mv", "/x"], ["login", "--email"], ["trash", "restore"]])
    assert.deepEqual(complete("holdfast", ...words, "a"), [], words.join(" "));
});
