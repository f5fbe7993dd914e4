import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { openControlChannel } from "../sync/control-channel.ts";
import { newSyncFolder, saveRecord } from "../sync/known-syncs.ts";
import type { SyncControl } from "../sync/sync-control.ts";
import { runHere } from "./testing-run.ts";

test("pause and resume report if nothing changed, whether the sync runs or not", async (t) => {
  const config = makeFolder("pause-or-resume");
  t.after(() => removeFolder(config));
  const root = join(config, "drive");
  mkdirSync(root);
  const names = { root, server: "http://127.0.0.1:1", account: "ann@example.org", device: "laptop", remote: "" };
  const ids = { server_id: "s", account_id: "a", remote_id: "r", marker: "1" };
  const settings = { brake: null, limit_up: null, limit_down: null };
  const folder = await newSyncFolder(config);
  const save = (is_paused: boolean): Promise<void> => saveRecord(folder, { ...names, ...ids, ...settings, is_paused });
  await save(false);
  const said = async (action: string): Promise<string> =>
    (await runHere({ HOLDFAST_CONFIG_DIR: config }, [action])).stdout.replace(`${root}: `, "").trimEnd();
  assert.equal(await said("resume"), "was not paused, and is not running; its next start will sync");
  assert.equal(await said("pause"), "is not running; its next start will be paused");
  assert.equal(await said("pause"), "already paused, and is not running; its next start will be paused");
  assert.equal(await said("resume"), "is not running; its next start will sync");

  const more = { page_url: null, pending_files: 0, last_sync_at: null, conflicts: [], deletions_waiting: 0 };
  const control: Partial<SyncControl> = {
    pause: () => save(true),
    resume: () => save(false),
    report: () => ({ ...names, ...more, state: "idle", problems: [] }),
    waitingDeletions: () => [],
  };
  const channel = await openControlChannel({ folder, root, configFolder: config }, control as SyncControl);
  t.after(() => channel.close());
  assert.equal(await said("resume"), "was not paused");
  assert.equal(await said("pause"), "paused");
  assert.equal(await said("pause"), "already paused");
  assert.equal(await said("resume"), "resumed");
});
