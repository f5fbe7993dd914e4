import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { unitName } from "../service/sync-unit.ts";
import { stateDiskFull } from "@holdfast/sync/state/manifests";
import { diskOf, startOf, withAdvice } from "./full-disk-advice.ts";

const here = { path: "a", code: "store_full", message: "The disk is full." };

test("a full disk here names commands that can run, for each way in which a sync runs", () => {
  const command = "holdfast sync '/my drive' --exclude FOLDER --free-space --once";
  const empty = "then empty '/my drive/.holdfast/trash', which contains the local copies";
  const disk = { root: "/my drive", hasState: false };
  const toldAs = (start: Parameters<typeof withAdvice>[2]) => withAdvice([here], disk, start)[0]?.message;
  const goesOn = "The disk is full. Free some space on the disk: the sync then continues by itself.";
  assert.equal(
    toldAs("by hand"),
    `${goesOn} To keep a folder only on the server, stop this sync with Ctrl-C and run ${command} (${empty}, and start the sync again).`,
  );
  const unit = unitName("/my drive");
  assert.equal(
    toldAs("as a service"),
    `${goesOn} To keep a folder only on the server, stop the service with systemctl --user stop ${unit} and run ${command} (${empty}, and run systemctl --user start ${unit}).`,
  );
  assert.equal(
    toldAs("once"),
    `The disk is full. Free some space on the disk. Then run holdfast sync '/my drive' --once again. To keep a folder only on the server, run ${command} (${empty}).`,
  );
  assert.match(toldAs("stopped") ?? "", /Then run holdfast sync '\/my drive' again\. To keep/);
  const server = { ...here, path: "" };
  assert.deepEqual(withAdvice([server], disk, "by hand"), [server], "the server is full");
});

test("a sync counts as a service if systemd started it, its unit is installed, and there is no terminal", (t) => {
  const config = makeFolder("start-of");
  t.after(() => removeFolder(config));
  const environment = { XDG_CONFIG_HOME: config, INVOCATION_ID: "1" };
  const options = { isOnce: false, isTerminal: false };
  assert.equal(startOf("/r", environment, options), "by hand");
  mkdirSync(join(config, "systemd", "user"), { recursive: true });
  writeFileSync(join(config, "systemd", "user", unitName("/r")), "");
  assert.equal(startOf("/r", environment, options), "as a service");
  assert.equal(startOf("/r", environment, { ...options, isTerminal: true }), "by hand");
  assert.equal(startOf("/r", environment, { ...options, isOnce: true }), "once");
  assert.equal(startOf("/r", { XDG_CONFIG_HOME: config }, options), "by hand");
});

test("a full disk with both the folder and the sync's state is one problem", () => {
  const state = { path: "", code: "unavailable", message: stateDiskFull };
  const other = { path: "b", code: "unreadable", message: "It cannot be read." };
  const problems = [state, here, { ...here, path: "c" }, other];
  const full = "The disk of this folder, which also stores the state of the sync, is full.";
  const oneDisk = { root: "/r", hasState: true };
  assert.deepEqual(withAdvice(problems, oneDisk, "by hand"), [
    {
      ...state,
      message: `${full} Nothing is synced until you free some space on it; the sync then continues by itself.`,
    },
    other,
  ]);
  assert.deepEqual(
    withAdvice([state], oneDisk, "stopped")[0]?.message,
    `${full} Nothing is synced until you free some space on it. Then run holdfast sync /r again.`,
  );
  assert.equal(withAdvice(problems, { root: "/r", hasState: false }, "by hand").length, 4, "two disks");
  const login = { path: "", code: "store_full", message: "Could not write /c/login.json (ENOSPC)." };
  assert.equal(withAdvice([login, here], oneDisk, "by hand").length, 1, "the login could not be saved");
});

test("a folder shares its disk with the state of its sync if the system reports the same device", (t) => {
  const folder = makeFolder("disk-of");
  t.after(() => removeFolder(folder));
  assert.deepEqual(diskOf(folder, folder), { root: folder, hasState: true });
  assert.deepEqual(diskOf(folder, "/proc"), { root: folder, hasState: false });
  assert.deepEqual(diskOf(join(folder, "none"), join(folder, "none")), { root: join(folder, "none"), hasState: false });
});
