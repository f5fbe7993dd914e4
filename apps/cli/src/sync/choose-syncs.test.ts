import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { chooseSyncs } from "./choose-syncs.ts";
import { newSyncFolder, saveRecord } from "./known-syncs.ts";

test("a folder inside a synced folder is rejected with the name of the synced folder", async (t) => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-choose-")));
  t.after(() => rmSync(place, { recursive: true }));
  const [root, config] = [join(place, "drive"), join(place, "config")];
  mkdirSync(join(root, "photos"), { recursive: true });
  const names = { root, server: "http://127.0.0.1:1", account: "ann@example.org", device: "laptop", remote: "" };
  const ids = { server_id: "s", account_id: "a", remote_id: "r", marker: "1" };
  const settings = { brake: null, is_paused: false, limit_up: null, limit_down: null };
  await saveRecord(await newSyncFolder(config), { ...names, ...ids, ...settings });
  assert.deepEqual((await chooseSyncs(config, root)).length, 1);
  const refused = (message: string) => (error: unknown) =>
    error instanceof HoldfastError && error.code === "not_found" && error.message === message;
  const inside = `${root}/photos is part of the synced folder ${root}. Use that folder instead.`;
  await assert.rejects(chooseSyncs(config, join(root, "photos")), refused(inside));
  await assert.rejects(chooseSyncs(config, place), refused(`${place} is not synced. Synced folders: ${root}.`));
});
