import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isCopiedMarker } from "./is-copied-marker.ts";
import type { KnownSync } from "./known-syncs.ts";
import { newSyncFolder, readKnownSyncs, saveRecord } from "./known-syncs.ts";
import { findSync, prepareRoot, refuseNested } from "./sync-root.ts";

const home = realpathSync(mkdtempSync(join(tmpdir(), "holdfast-root-")));
after(() => rmSync(home, { recursive: true }));
const config = join(home, "config");
mkdirSync(config);

function known(root: string, marker: string | null): KnownSync {
  return { folder: join(config, "sync", "x"), record: { root, marker } as KnownSync["record"] };
}

function mark(root: string, marker: string): void {
  mkdirSync(join(root, ".holdfast"), { recursive: true });
  writeFileSync(join(root, ".holdfast", "root.json"), marker);
}

test("a root is created in an existing folder, and known by its path without links", async () => {
  assert.equal(await prepareRoot(join(home, "new"), config, false), join(home, "new"));
  assert.ok(existsSync(join(home, "new")));
  symlinkSync(join(home, "new"), join(home, "link"));
  assert.equal(await prepareRoot(join(home, "link"), config, false), join(home, "new"));
  await assert.rejects(prepareRoot(join(home, "no", "such"), config, false), { code: "not_found" });
});

test("a file, the whole system, and the command's own folder cannot be roots", async () => {
  writeFileSync(join(home, "file"), "");
  await assert.rejects(prepareRoot(join(home, "file"), config, false), { code: "usage" });
  await assert.rejects(prepareRoot("/", config, false), { code: "usage", message: /whole system/ });
  await assert.rejects(prepareRoot(config, config, false), { code: "usage", message: /must not be synced/ });
  await assert.rejects(prepareRoot(join(config, "sync"), config, false), {
    code: "usage",
    message: /must not be synced/,
  });
  assert.equal(await prepareRoot(home, config, false), home);
});

test("a synced folder cannot be inside or around another one", async () => {
  const outer = join(home, "outer");
  mark(join(outer, "inner"), "i");
  mkdirSync(join(outer, "inner", "deep"));
  await assert.rejects(refuseNested(join(outer, "inner", "deep"), []), {
    message: /is in .*inner, which is already synced/,
  });
  await assert.rejects(refuseNested(outer, [known(join(outer, "inner"), "i")]), { message: /contains .*inner/ });
  await refuseNested(join(outer, "inner"), [known(join(outer, "inner"), "i")]);
  mark(outer, "o");
  await assert.rejects(refuseNested(join(outer, "inner"), []), { message: /is in .*outer, which is already synced/ });
  // It was synced before the outer folder, which ignores it.
  await refuseNested(join(outer, "inner"), [known(join(outer, "inner"), "i")]);
  const other = [known(join(outer, "inner"), "another")];
  await assert.rejects(refuseNested(join(outer, "inner"), other), { message: /is in .*outer/ });
  rmSync(join(outer, "inner", ".holdfast"), { recursive: true });
  await refuseNested(outer, [known(join(outer, "inner"), "i")]);
});

test("a moved root is recognized by its marker, and a copy of it is not", async () => {
  const before = join(home, "before");
  const moved = join(home, "moved");
  mark(before, "m");
  mark(join(home, "copy"), "m");
  const syncs = [known(before, "m")];
  assert.equal(await findSync(before, syncs), syncs[0]);
  assert.equal(await findSync(join(home, "copy"), syncs), undefined);
  renameSync(before, moved);
  assert.equal(await findSync(moved, syncs), syncs[0]);
});

test("records are read by root, and a damaged one is reported", async () => {
  const record = {
    root: "/b",
    server: "https://drive.example",
    server_id: "s",
    account_id: "a",
    account: "me@example.org",
    device: "laptop",
    remote: "",
    remote_id: "r",
    brake: null,
    is_paused: false,
    limit_up: null,
    limit_down: null,
    marker: null,
  };
  assert.deepEqual(await readKnownSyncs(config), []);
  const folder = await newSyncFolder(config);
  await newSyncFolder(config);
  await saveRecord(folder, record);
  assert.deepEqual(await readKnownSyncs(config), [{ folder, record }]);
  writeFileSync(join(folder, "sync.json"), "{}");
  await assert.rejects(readKnownSyncs(config), { message: /sync\.json is damaged/ });
});

test("a marker is a copy if its known sync's folder is in its place or unavailable, but not if it was moved", async () => {
  const own = join(home, "copies");
  const original = join(own, "original");
  mark(original, "known");
  const syncFolder = await newSyncFolder(own);
  const whose = { server: "s", server_id: "i", account_id: "a", account: "a@example.com", device: "d", remote: "" };
  const more = { remote_id: "r", brake: null, is_paused: false, limit_up: null, limit_down: null };
  await saveRecord(syncFolder, { ...whose, ...more, root: original, marker: "known" });
  const isCopied = isCopiedMarker(join(own, "outer"), own);
  assert.equal(await isCopied("copy", "known"), true);
  assert.equal(await isCopied("copy", "of another configuration"), false);
  assert.equal(await isCopiedMarker(own, own)("original", "known"), false, "the synced folder itself");
  renameSync(original, join(own, "unplugged"));
  assert.equal(await isCopied("copy", "known"), true);
  mark(original, "another");
  assert.equal(await isCopied("copy", "known"), false);
});
