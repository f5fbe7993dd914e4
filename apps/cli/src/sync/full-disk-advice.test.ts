import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { unitName } from "../service/sync-unit.ts";
import { startOf, withAdvice } from "./full-disk-advice.ts";

const here = { path: "a", code: "store_full", message: "The disk is full." };

test("a full disk here names commands that can run, for each way in which a sync runs", () => {
  const command = "holdfast sync '/my drive' --exclude FOLDER --free-space --once";
  const empty = "then empty '/my drive/.holdfast/trash', which contains the local copies";
  const toldAs = (start: Parameters<typeof withAdvice>[2]) => withAdvice([here], "/my drive", start)[0]?.message;
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
    `The disk is full. Free some space on the disk and run this command again. To keep a folder only on the server, run ${command} (${empty}).`,
  );
  const server = { ...here, path: "" };
  assert.deepEqual(withAdvice([server], "/r", "by hand"), [server], "the server is full");
});

test("a sync runs as a service if systemd started it, its unit is installed, and no terminal is there", (t) => {
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
