import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { drillDataName, makeScratch } from "./drill-scratch.ts";

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-drill-scratch-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a scratch folder is removed with its content, also by a process that is about to end", async (t) => {
  const parent = temporaryFolder(t);
  for (const isEnding of [false, true]) {
    const scratch = await makeScratch(parent);
    mkdirSync(join(scratch.path, drillDataName, "postgres"), { recursive: true });
    if (isEnding) assert.equal(scratch.removeNow(), true);
    else await scratch.remove();
    assert.deepEqual(readdirSync(parent), []);
  }
});

test("a drill removes only the folder that a killed drill left", async (t) => {
  const parent = temporaryFolder(t);
  const make = (name: string, child?: string) => mkdirSync(join(parent, name, child ?? ""), { recursive: true });
  make("holdfast-drill-killed", drillDataName);
  make("holdfast-drill-others", "photos");
  make("holdfast-drill-0123456789ab", drillDataName);
  make("holdfast-drill-empty0");
  make("elsewhere", drillDataName);
  symlinkSync(join(parent, "elsewhere"), join(parent, "holdfast-drill-linked"));
  writeFileSync(join(parent, "holdfast-drill-afile1"), "");
  const running = await makeScratch(parent);
  make(running.path.slice(parent.length), drillDataName);
  const kept = [
    "elsewhere",
    "holdfast-drill-0123456789ab",
    "holdfast-drill-afile1",
    "holdfast-drill-empty0",
    "holdfast-drill-linked",
    "holdfast-drill-others",
  ];
  const next = await makeScratch(parent);
  const own = [running.path, next.path].map((path) => path.slice(parent.length + 1));
  assert.deepEqual(new Set(readdirSync(parent)), new Set([...kept, ...own]));
  assert.deepEqual(readdirSync(join(parent, "elsewhere")), [drillDataName]);
  await Promise.all([running.remove(), next.remove()]);
  assert.deepEqual(readdirSync(parent).toSorted(), kept);
});

const isRoot = process.getuid?.() === 0;
test("the folder of another user's drill stays", { skip: !isRoot && "only root can make one" }, async (t) => {
  const parent = temporaryFolder(t);
  const path = join(parent, "holdfast-drill-others");
  mkdirSync(join(path, drillDataName), { recursive: true });
  chownSync(path, 65_534, 65_534);
  await (await makeScratch(parent)).remove();
  assert.deepEqual(readdirSync(parent), ["holdfast-drill-others"]);
});
