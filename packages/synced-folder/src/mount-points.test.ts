import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startCodecPool } from "@holdfast/codec/pool";
import type { LocalStat } from "@holdfast/sync-ports/ports";
import { MountPoints } from "./mount-points.ts";
import { openSyncedFolder } from "./open-synced-folder.ts";

const pool = startCodecPool({ threads: 1 });
after(() => pool.close());

const folder = { kind: "folder", device: 7n } as LocalStat;
const mountInfo = String.raw`22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
36 22 8:1 /other /home/ann/My\040Drive/bind rw - ext4 /dev/sda1 rw
37 22 8:1 /x /home/ann/My\040Drive/a/${Buffer.from("Übung").toString("latin1")} rw shared:1 - ext4 /dev/sda1 rw
38 22 8:1 /y /home/ann/My\040Drives/bind2 rw - ext4 /dev/sda1 rw
`;

test("only a mount point below the folder counts as another device", () => {
  const mounts = new MountPoints("/home/ann/My Drive");
  assert.equal(mounts.mark("bind", folder).device, 7n);
  mounts.read(mountInfo);
  const devices = ["bind", "a/Übung", "a", "bind/in it", "bind2", ""].map((path) => mounts.mark(path, folder).device);
  assert.deepEqual(devices, [-1n, -1n, 7n, 7n, 7n, 7n]);
  assert.equal(mounts.mark("bind", { ...folder, kind: "file" }).device, 7n);
  mounts.read("");
  assert.equal(mounts.mark("bind", folder).device, 7n);
});

test("a mount point is on another device than its root, as of the last check of the root", async () => {
  const disk = openSyncedFolder("/", { pool });
  const devices = async () => {
    const together = await disk.statIn?.("", ["proc"]);
    return [await disk.stat("proc"), together?.[0]].map((found) => (found instanceof Error ? found : found?.device));
  };
  assert.ok(!(await devices()).includes(-1n));
  await disk.stat("");
  assert.deepEqual(await devices(), [-1n, -1n]);
});
