import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { checkOut, copyOwn, moduleFolders, shareModules } from "./checkout.ts";

test("a checkout shares installed packages, but loads its own workspaces", () => {
  const base = makeBase();
  const [own, old] = [`${base}/own`, `${base}/old`];
  for (const path of ["node_modules/kysely/index.js", "node_modules/@aws/client/index.js", "node_modules/.cache/code"])
    write(`${own}/${path}`);
  for (const root of [own, old]) for (const path of ["packages/core/x.ts", "apps/cli/x.ts"]) write(`${root}/${path}`);
  mkdirSync(`${own}/node_modules/@holdfast`);
  symlinkSync("../../packages/core", `${own}/node_modules/@holdfast/core`);
  symlinkSync("../apps/cli", `${own}/node_modules/holdfast`);

  shareModules(`${own}/node_modules`, `${old}/node_modules`);

  const target = (path: string) => realpathSync(`${old}/node_modules/${path}`);
  assert.equal(target("@holdfast/core/x.ts"), `${old}/packages/core/x.ts`);
  assert.equal(target("holdfast/x.ts"), `${old}/apps/cli/x.ts`);
  assert.equal(target("kysely/index.js"), `${own}/node_modules/kysely/index.js`);
  assert.equal(target("@aws/client/index.js"), `${own}/node_modules/@aws/client/index.js`);
  assert.deepEqual(readdirSync(`${old}/node_modules`).toSorted(), ["@aws", "@holdfast", "holdfast", "kysely"]);
});

test("packages of single workspaces are shared as well", () => {
  const packages = {
    "": {},
    "apps/web": {},
    "apps/web/node_modules/vite": {},
    "node_modules/@holdfast/web": {},
    "node_modules/kysely": {},
    "node_modules/kysely/node_modules/pg": {},
  };
  assert.deepEqual(moduleFolders(JSON.stringify({ packages })), ["apps/web/node_modules", "node_modules"]);
});

for (const [what, make] of [
  ["a checkout", (folder: string) => checkOut("HEAD", folder)],
  ["a copy of this folder", copyOwn],
] as const)
  longTest(`${what} runs its own code`, async () => {
    const folder = `${makeBase()}/sources`;
    const { launcher } = await make(folder);
    appendFileSync(`${folder}/packages/core/src/errors.ts`, `process.stdout.write("own code\\n");\n`);
    assert.match(execFileSync(launcher, ["--version"]).toString(), /^own code$/m);
  });

function makeBase(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), "checkout-")));
}

function write(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
}
