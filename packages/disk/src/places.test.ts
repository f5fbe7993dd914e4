import assert from "node:assert/strict";
import { closeSync, mkdirSync, openSync, readdirSync, realpathSync, renameSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { constants as systemConstants, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { testDisk } from "./disk-conformance.ts";
import { linux, SystemCallError } from "./native.ts";
import { nodeDiskAt } from "./node-disk.ts";
import { placesBelow } from "./places.ts";
import { folderFlags, RootFolder } from "./root-folder.ts";
import type { Openers } from "./root-folder.ts";

const home = realpathSync(await mkdtemp(join(tmpdir(), "holdfast-places-")));
const held = openSync(home, folderFlags);
after(async () => {
  closeSync(held);
  await rm(home, { recursive: true });
});

const absent = (): never => {
  throw new SystemCallError("openat2", systemConstants.errno.ENOSYS);
};
const ways: Record<string, Openers> = {
  "with openat2": linux(),
  "without openat2": { openBelow: absent, openAbsolute: absent },
};

for (const [way, openers] of Object.entries(ways)) {
  const disk = nodeDiskAt(placesBelow(new RootFolder(home, openers, held)));
  testDisk(`below a folder ${way}`, disk, () => mkdtemp(join(home, "case-")));

  test(`${way} no access goes through a link that replaced a folder, or out of the root`, async () => {
    const folder = await mkdtemp(join(home, "swap-"));
    const elsewhere = await mkdtemp(join(tmpdir(), "holdfast-elsewhere-"));
    mkdirSync(join(folder, "inner/deep"), { recursive: true });
    mkdirSync(join(elsewhere, "deep"));
    await (await disk.createFile(join(folder, "file"), { mode: 0o600 })).close();
    renameSync(join(folder, "inner"), join(folder, "away"));
    symlinkSync(elsewhere, join(folder, "inner"));
    const behindLink = { code: "not_found", message: /links are not followed/ };
    for (const path of [join(folder, "inner/x"), join(folder, "inner/deep/x")]) {
      await assert.rejects(disk.createFile(path, { mode: 0o600 }), behindLink);
      await assert.rejects(disk.mkdir(path), behindLink);
      await assert.rejects(disk.symlink("target", path), behindLink);
      await assert.rejects(disk.rename(join(folder, "file"), path), behindLink);
      await assert.rejects(disk.stat(path), behindLink);
      await assert.rejects(disk.unlink(path), behindLink);
    }
    await assert.rejects(disk.syncFolder(join(folder, "inner")), behindLink);
    await assert.rejects(Array.fromAsync(disk.list(join(folder, "inner"))), behindLink);
    await assert.rejects(disk.stat(join(elsewhere, "deep")), { code: "internal" });
    await assert.rejects(disk.stat(`${folder}/../../x`), { code: "failed" });
    assert.deepEqual(readdirSync(elsewhere, { recursive: true }), ["deep"]);
    await rm(elsewhere, { recursive: true });
  });

  test(`${way} an open root stays the same folder when another one takes its path`, async () => {
    const root = await mkdtemp(join(home, "root-"));
    const descriptor = openSync(root, folderFlags);
    const below = nodeDiskAt(placesBelow(new RootFolder(root, openers, descriptor)));
    renameSync(root, `${root}-away`);
    mkdirSync(root);
    await (await below.createFile(join(root, "file"), { mode: 0o600 })).close();
    assert.deepEqual([readdirSync(root), readdirSync(`${root}-away`)], [[], ["file"]]);
    closeSync(descriptor);
  });
}
