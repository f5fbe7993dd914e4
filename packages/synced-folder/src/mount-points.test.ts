import assert from "node:assert/strict";
import { test } from "node:test";
import type { LocalStat } from "@holdfast/sync-ports/ports";
import { MountPoints } from "./mount-points.ts";

const folder = { kind: "folder", device: 7n } as LocalStat;
const mountInfo = String.raw`22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
36 22 8:1 /other /home/ann/My\040Drive/bind rw - ext4 /dev/sda1 rw
37 22 8:1 /x /home/ann/My\040Drive/a/${Buffer.from("Übung").toString("latin1")} rw shared:1 - ext4 /dev/sda1 rw
38 22 8:1 /y /home/ann/My\040Drives/bind2 rw - ext4 /dev/sda1 rw
`;

test("a mount point below the folder is another device, and nothing else is", () => {
  const mounts = new MountPoints("/home/ann/My Drive");
  assert.equal(mounts.mark("bind", folder).device, 7n);
  mounts.read(mountInfo);
  const devices = ["bind", "a/Übung", "a", "bind/in it", "bind2", ""].map((path) => mounts.mark(path, folder).device);
  assert.deepEqual(devices, [-1n, -1n, 7n, 7n, 7n, 7n]);
  assert.equal(mounts.mark("bind", { ...folder, kind: "file" }).device, 7n);
  mounts.read("");
  assert.equal(mounts.mark("bind", folder).device, 7n);
});

test("the mounts of the system are listed where it has a list", () => {
  const mounts = new MountPoints("/");
  mounts.read();
  const expected = process.platform === "linux" ? -1n : 7n;
  assert.equal(mounts.mark("proc", folder).device, expected);
});
