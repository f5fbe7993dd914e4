import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDataFolder } from "./open-data-folder.ts";
import { knowFolder, watchFolders } from "./known-folder.ts";

test("a moved or replaced folder is not the known one, and is not trusted again after it was reported", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const parent = mkdtempSync(join(tmpdir(), "holdfast-known-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const [place, moved] = [join(parent, "data"), join(parent, "moved")];
  mkdirSync(place);
  const messages: string[] = [];
  const known = knowFolder(place);
  const watch = watchFolders([knowFolder(parent), known], (error) => messages.push(error.message));
  t.after(() => watch.close());
  assert.equal(watch.look(), true);
  renameSync(place, moved);
  assert.equal(known.isHere(), false);
  renameSync(moved, place);
  assert.equal(known.isHere(), true);
  renameSync(place, moved);
  mkdirSync(place);
  assert.equal(known.isHere(), false);
  t.mock.timers.tick(2000);
  assert.equal(messages.length, 1);
  renameSync(place, join(parent, "other"));
  renameSync(moved, place);
  assert.equal(watch.look(), false, "what was decided once stays so");
  t.mock.timers.tick(10_000);
  assert.equal(messages.length, 1);
});

test("releasing a moved data folder leaves another server's lock at its old path", async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "holdfast-known-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const place = join(parent, "data");
  const first = await openDataFolder(place);
  renameSync(place, join(parent, "moved"));
  const second = await openDataFolder(place);
  t.after(() => second.release());
  first.release();
  await assert.rejects(openDataFolder(place), /in use by another Holdfast server \(process/);
});

test("a folder recreated at the same path is a different one, even with the same inode number", (t) => {
  const parent = mkdtempSync(join(tmpdir(), "holdfast-known-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const place = join(parent, "data");
  mkdirSync(place);
  const known = knowFolder(place);
  t.after(() => known.close());
  rmSync(place, { recursive: true });
  mkdirSync(place);
  assert.equal(known.isHere(), false);
});
