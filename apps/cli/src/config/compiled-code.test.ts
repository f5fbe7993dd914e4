import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const main = resolve(import.meta.dirname, "../main.ts");
const home = mkdtempSync(join(tmpdir(), "holdfast-compiled-"));
after(() => rmSync(home, { recursive: true }));

function runWith(folder: string): void {
  const { status } = spawnSync(process.execPath, [main, "whoami"], { env: { HOLDFAST_CONFIG_DIR: folder } });
  assert.equal(status, 3, "nobody is signed in");
}

test("compiled code is kept in a configuration folder that is there and that nobody else may write to", () => {
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

test("nothing is written to a folder without its mark, as on the mount point of a server's disk", () => {
  const module = JSON.stringify(resolve(import.meta.dirname, "compiled-code.ts"));
  const data = mkdtempSync(join(home, "data-"));
  const keep = () => {
    const script = `(await import(${module})).keepCompiledCode(${JSON.stringify(data)}, "lock.sqlite")`;
    assert.equal(spawnSync(process.execPath, ["--input-type=module", "-e", script], { env: {} }).status, 0);
  };
  keep();
  assert.deepEqual(readdirSync(data), []);
  writeFileSync(join(data, "lock.sqlite"), "");
  keep();
  assert.deepEqual(readdirSync(data), ["compiled", "lock.sqlite"]);
});
