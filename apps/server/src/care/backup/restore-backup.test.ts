import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { makeFolder, removeFolder } from "../../acceptance/testing.ts";
import { runRebuild } from "./run-rebuild.ts";
import { runRestoreBackup } from "./run-restore.ts";

test("a data folder that is not empty is rejected before the backup or the store is opened", async () => {
  const folder = makeFolder("restore-into-filled");
  try {
    writeFileSync(`${folder}/photo.jpg`, "a photo");
    const request = { dataFolder: folder, keyFile: undefined };
    const rejected = {
      code: "conflict",
      message: /restore-into-filled.* is not empty\. Choose a new folder with --data DIR\./,
    };
    const place = `${folder}/../no-backup-here`;
    await assert.rejects(runRestoreBackup({ ...request, place, at: undefined, acceptsDamage: false }), rejected);
    await assert.rejects(runRebuild({ ...request, from: "/no-store-here" }), rejected);
  } finally {
    removeFolder(folder);
  }
});
