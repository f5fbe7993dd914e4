import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { holdfast } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

/** Invariant: restoring a server removes nothing from devices. They send what the backup lacks. */
test("a restore of the server during the sync of two devices loses no file, and all become equal again", async () => {
  const home = await Home.open("restored-backup");
  try {
    const [anna, bert] = await home.startDevices("anna", "bert");
    const at = anna!.folder;
    mkdirSync(join(at, "folder"));
    for (const [path, content] of [
      ["old.txt", "old"],
      ["edited.txt", "first"],
      ["folder/in it", "1"],
    ] as const)
      writeFileSync(join(at, path), content);
    await home.rest();
    const place = `${home.folder}/backups`;
    await admin("backup", place, "--data", home.dataFolder);
    writeFileSync(join(at, "edited.txt"), "second");
    writeFileSync(join(bert!.folder, "folder", "new of bert"), "2");
    rmSync(join(at, "old.txt"));
    await home.rest();

    await home.server.stop();
    writeFileSync(join(at, "while down.txt"), "3");
    const restored = `${home.folder}/restored`;
    await admin("restore-backup", place, "--data", restored);
    rmSync(home.dataFolder, { recursive: true });
    renameSync(restored, home.dataFolder);
    await home.restart();
    await home.rest(240_000);
    const expected = {
      "edited.txt": "second",
      "folder/in it": "1",
      "folder/new of bert": "2",
      "while down.txt": "3",
    };
    for (const device of [anna!, bert!]) {
      const { "old.txt": old, ...rest } = filesOf(device);
      assert.deepEqual(rest, expected);
      // The file was deleted after the backup, so it may be back unchanged.
      assert.ok(old === undefined || old === "old");
    }
  } finally {
    await home.close();
  }

  async function admin(...args: string[]): Promise<void> {
    const { code, stderr } = await holdfast(["admin", ...args, "--json"]);
    assert.equal(code, 0, stderr);
  }
});

function filesOf({ folder }: Device): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    if (entry.isFile() && !name.startsWith(".holdfast") && existsSync(path)) files[name] = readFileSync(path, "utf8");
  }
  return files;
}
