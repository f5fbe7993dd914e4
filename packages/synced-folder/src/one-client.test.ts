import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { lockFolder } from "./lock-folder.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
after(() => rmSync(root, { recursive: true }));

function isLockedBy(pid: number | undefined): (thrown: unknown) => boolean {
  return (thrown) =>
    thrown instanceof HoldfastError &&
    thrown.code === "locked" &&
    thrown.body["pid"] === pid &&
    thrown.message.includes(root);
}

test("a folder has one client, also within this process, until it is released", () => {
  const lock = lockFolder(root);
  assert.throws(() => lockFolder(root), isLockedBy(process.pid));
  lock.release();
  lock.release();
  lockFolder(root).release();
});

test("a link in place of the client's own folder is not followed", () => {
  const home = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
  const elsewhere = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
  symlinkSync(elsewhere, join(home, ".holdfast"));
  assert.throws(() => lockFolder(home), /is not a folder/);
  assert.deepEqual(readdirSync(elsewhere), []);
  for (const folder of [home, elsewhere]) rmSync(folder, { recursive: true });
});

test("the lock of another process ends with that process, in any way", async () => {
  const script = `
    import { lockFolder } from ${JSON.stringify(new URL("lock-folder.ts", import.meta.url).href)};
    lockFolder(${JSON.stringify(root)});
    console.log("locked");
    setInterval(() => {}, 1e6);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await Promise.race([once(child.stdout, "data"), once(child, "exit")])) as unknown[];
  assert.equal(String(said), "locked\n");
  assert.throws(() => lockFolder(root), isLockedBy(child.pid));
  child.kill("SIGKILL");
  await once(child, "exit");
  lockFolder(root).release();
});
