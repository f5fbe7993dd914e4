import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const launcher = resolve(import.meta.dirname, "../../bin/holdfast");
const main = resolve(import.meta.dirname, "../main.ts");
const home = mkdtempSync(join(tmpdir(), "holdfast-compiled-"));
after(() => rmSync(home, { recursive: true }));

function runWith(folder: string): void {
  const { status } = spawnSync(process.execPath, [main, "whoami"], { env: { HOLDFAST_CONFIG_DIR: folder } });
  assert.equal(status, 3, "nobody is signed in");
}

test("compiled code is stored in an existing configuration folder that only its owner can write to", () => {
  runWith(join(home, "missing"));
  assert.equal(existsSync(join(home, "missing")), false);
  chmodSync(home, 0o720);
  runWith(home);
  assert.equal(existsSync(join(home, "compiled")), false);
  chmodSync(home, 0o700);
  runWith(home);
  assert.equal(existsSync(join(home, "compiled")), true);
  runWith(home);
});

function keepIn(folder: string, mask = "0o022"): void {
  const module = JSON.stringify(resolve(import.meta.dirname, "compiled-code.ts"));
  const script = `process.umask(${mask});
    (await import(${module})).keepCompiledCode(${JSON.stringify(folder)}, "lock.sqlite");`;
  assert.equal(spawnSync(process.execPath, ["--input-type=module", "-e", script], { env: {} }).status, 0);
}

test("nothing is written to a folder without its marker, as on the mount point of a server's disk", () => {
  const data = mkdtempSync(join(home, "data-"));
  keepIn(data);
  assert.deepEqual(readdirSync(data), []);
  writeFileSync(join(data, "lock.sqlite"), "");
  keepIn(data);
  assert.deepEqual(readdirSync(data), ["compiled", "lock.sqlite"]);
});

test("the folder of compiled code is private with any umask, and code that others could write is removed", () => {
  const data = mkdtempSync(join(home, "data-"));
  const compiled = join(data, "compiled");
  const mode = () => lstatSync(compiled).mode & 0o777;
  writeFileSync(join(data, "lock.sqlite"), "");
  keepIn(data, "0");
  assert.equal(mode(), 0o700);
  writeFileSync(join(compiled, "own"), "");
  keepIn(data);
  assert.ok(existsSync(join(compiled, "own")));
  chmodSync(compiled, 0o755);
  writeFileSync(join(compiled, "foreign"), "");
  keepIn(data);
  assert.deepEqual([mode(), existsSync(join(compiled, "foreign"))], [0o700, false]);
  rmSync(compiled, { recursive: true });
  const elsewhere = join(data, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, compiled);
  keepIn(data);
  assert.deepEqual([lstatSync(compiled).isDirectory(), mode(), existsSync(elsewhere)], [true, 0o700, true]);
});

test("the launcher stores compiled code, and only the first of equal commands strips types", (t) => {
  const modules = resolve(import.meta.dirname, "../../../../node_modules");
  if (lstatSync(modules).uid !== process.getuid?.()) return t.skip("the installed modules belong to another user");
  const spy = `process.on("exit", () => console.log(process.moduleLoadList.some((name) => name.includes("amaro"))))`;
  const strips = () => {
    const env = { PATH: process.env["PATH"], NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(spy)}` };
    const { status, stdout } = spawnSync(launcher, ["whoami", "--help"], { env, encoding: "utf8" });
    assert.equal(status, 0);
    return stdout.trimEnd().split("\n").at(-1);
  };
  strips();
  assert.equal(strips(), "false");
  const kept = lstatSync(join(modules, ".cache/holdfast"));
  assert.deepEqual([kept.isDirectory(), kept.mode & 0o777], [true, 0o700]);
});
