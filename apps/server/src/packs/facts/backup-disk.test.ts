import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { assertApart, isOnSameDisk } from "./backup-disk.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-apart-")));
after(() => rmSync(folder, { recursive: true }));
const [data, store] = [join(folder, "data"), join(folder, "blocks")];
for (const path of [data, store]) mkdirSync(path);
symlinkSync(data, join(folder, "link"));
const config = { dataFolder: data, store, secondStore: "s3://second" };

test("a backup inside the data folder or store is rejected, under any path", () => {
  for (const place of [
    data,
    join(data, "backups"),
    join(folder, "link/not/there"),
    join(store, "x"),
    `${data}/../data`,
  ])
    assert.throws(() => assertApart({ place, config }), { code: "usage" }, place);
  for (const place of [folder, join(folder, "data-of-backups"), join(folder, "backups"), "s3://backups"])
    assertApart({ place, config });
});

test("a backup on the same disk is detected, and one in a bucket or on another file system is not", () => {
  assert.equal(isOnSameDisk({ place: join(folder, "blocks"), config }), true);
  assert.equal(isOnSameDisk({ place: join(folder, "nowhere"), config }), false);
  assert.equal(isOnSameDisk({ place: "s3://backups", config }), false);
  assert.equal(isOnSameDisk({ place: "/proc", config }), false);
});
