import assert from "node:assert/strict";
import { closeSync, constants, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startCodecPool } from "@holdfast/codec/pool";
import { linux } from "@holdfast/disk/native";
import { openSyncedFolder } from "./open-synced-folder.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-writers-"));
const pool = startCodecPool({ threads: 1 });
after(async () => {
  await pool.close();
  rmSync(root, { recursive: true });
});

test("a file has writers while a program has it open for writing, through any renames", async () => {
  const disk = openSyncedFolder(root, { pool });
  await disk.create("new", [], { mtimeNs: undefined, executable: false });
  writeFileSync(join(root, "log"), "one");
  assert.equal(await disk.hasWriters("log"), false);
  const reader = openSync(join(root, "log"), "r");
  assert.equal(await disk.hasWriters("log"), false);
  const writer = openSync(join(root, "log"), "a");
  assert.equal(await disk.hasWriters("log"), true);
  await disk.exchange("log", "new");
  assert.deepEqual([await disk.hasWriters("log"), await disk.hasWriters("new")], [false, true]);
  writeSync(writer, ", two");
  closeSync(writer);
  assert.equal(await disk.hasWriters("new"), false);
  assert.equal(Buffer.from(await disk.readAt("new", 0, 100)).toString(), "one, two");
  closeSync(reader);
});

test("a missing item, or one that is no file, has no known writers", async () => {
  const disk = openSyncedFolder(root, { pool });
  symlinkSync("log", join(root, "link"));
  await assert.rejects(disk.hasWriters("nothing"), { code: "not_found" });
  await assert.rejects(disk.hasWriters("link"), { code: "unavailable" });
});

test("a check for writers does not prevent others from opening the file afterwards", () => {
  const path = join(root, "asked");
  writeFileSync(path, "one");
  const asked = openSync(path, "r");
  assert.equal(linux().hasWriters(asked), false);
  // A remaining lease would cause EWOULDBLOCK here.
  closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  closeSync(asked);
});
