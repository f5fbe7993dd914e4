import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { lockFolder } from "@holdfast/synced-folder/lock-folder";
import { forgetSync } from "./forget-sync.ts";
import { newSyncFolder, readKnownSyncs, saveRecord } from "./known-syncs.ts";
import { refuseNested } from "./sync-root.ts";

async function makeSync(t: TestContext) {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-forget-")));
  t.after(() => rmSync(place, { recursive: true }));
  const [root, config] = [join(place, "my drive"), join(place, "config")];
  for (const folder of ["tmp", "trash", "parked", "quarantine/2026-01-31/shared"])
    mkdirSync(join(root, ".holdfast", folder), { recursive: true });
  const only = join(root, ".holdfast/quarantine/2026-01-31/shared/only.txt");
  for (const path of [join(root, "plan.txt"), only]) writeFileSync(path, "mine");
  for (const name of ["root.json", "clock", "lock", "generation-1-a", "tmp/content.id.part"])
    writeFileSync(join(root, ".holdfast", name), "1");
  const folder = await newSyncFolder(config);
  await saveRecord(folder, {
    root,
    server: "http://127.0.0.1:1",
    server_id: "s",
    account_id: "a",
    account: "ann@example.org",
    device: "laptop",
    remote: "",
    remote_id: "r",
    brake: null,
    is_paused: false,
    limit_up: null,
    limit_down: null,
    marker: "1",
  });
  return { root, config, only, folder };
}

test("forgetting a sync touches no file, and its folder may be synced again or be in another one", async (t) => {
  const { root, config, only, folder } = await makeSync(t);
  const inner = join(root, "inner");
  await assert.rejects(refuseNested(inner, []), /To remove the other sync: holdfast sync '.*my drive' --forget/);
  assert.deepEqual(await forgetSync(config, root), { root, kept: [join(root, ".holdfast/quarantine")] });
  assert.equal(readFileSync(join(root, "plan.txt"), "utf8") + readFileSync(only, "utf8"), "minemine");
  assert.deepEqual(await readKnownSyncs(config), []);
  assert.equal(existsSync(folder), false);
  for (const name of ["root.json", "clock", "generation-1-a", "tmp", "trash", "parked"])
    assert.equal(existsSync(join(root, ".holdfast", name)), false, name);
  await refuseNested(inner, []);
  await assert.rejects(forgetSync(config, root), { code: "not_found" });
});

test("a file that was replaced while open in a program may have new bytes, and moves to the local trash", async (t) => {
  const { root, config } = await makeSync(t);
  writeFileSync(join(root, ".holdfast/tmp/0a1b.replaced"), "late");
  const { kept } = await forgetSync(config, root);
  assert.deepEqual(kept, [join(root, ".holdfast/trash"), join(root, ".holdfast/quarantine")]);
  assert.equal(readFileSync(join(root, ".holdfast/trash/0a1b.replaced"), "utf8"), "late");
});

test("forgetting a sync without kept bytes leaves nothing", async (t) => {
  const { root, config } = await makeSync(t);
  rmSync(join(root, ".holdfast/quarantine"), { recursive: true });
  assert.deepEqual(await forgetSync(config, root), { root, kept: [] });
  assert.equal(existsSync(join(root, ".holdfast")), false);
});

test("a sync with a running client is not forgotten, and one with an unmounted disk is", async (t) => {
  const { root, config, folder } = await makeSync(t);
  const lock = lockFolder(root);
  await assert.rejects(forgetSync(config, root), { code: "locked" });
  assert.ok(existsSync(folder) && existsSync(join(root, ".holdfast/root.json")));
  lock.release();
  rmSync(root, { recursive: true });
  assert.deepEqual(await forgetSync(config, root), { root, kept: [] });
  assert.equal(existsSync(folder) || existsSync(root), false);
});
