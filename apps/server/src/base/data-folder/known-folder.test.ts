import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openDataFolder } from "./open-data-folder.ts";
import { knowFolder, watchFolders } from "./known-folder.ts";

test("a folder that was moved away, or has another in its place, is not the known one until it is back", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const parent = mkdtempSync(join(tmpdir(), "holdfast-known-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const [place, moved] = [join(parent, "data"), join(parent, "moved")];
  mkdirSync(place);
  const told: string[] = [];
  const known = knowFolder(place);
  const watch = watchFolders([knowFolder(parent), known], (error) => told.push(error.message));
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
  assert.equal(told.length, 1);
  renameSync(place, join(parent, "other"));
  renameSync(moved, place);
  assert.equal(watch.look(), false, "what was decided once stays so");
  t.mock.timers.tick(10_000);
  assert.equal(told.length, 1);
});

test("letting go of a data folder leaves the file of another server in its place alone", async (t) => {
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

test("a folder that is made anew at the path is another one, though its number was free", (t) => {
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
