import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { listLocalFolder } from "./local-folder.ts";

test("a sync's own folder is not put, but another folder of its name is", (t) => {
  const folder = makeFolder("local-folder");
  t.after(() => removeFolder(folder));
  const names = (): string[] => [...listLocalFolder(folder)].flatMap(({ entries }) => entries.map(({ name }) => name));
  mkdirSync(join(folder, ".holdfast", "trash"), { recursive: true });
  writeFileSync(join(folder, "plan.txt"), "plan");
  assert.deepEqual(names(), [".holdfast", "plan.txt"]);
  writeFileSync(join(folder, ".holdfast", "root.json"), "{}");
  assert.deepEqual(names(), ["plan.txt"]);
});
