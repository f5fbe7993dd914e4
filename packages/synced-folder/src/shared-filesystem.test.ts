import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedFilesystem } from "./shared-filesystem.ts";

test("a shared filesystem is named, and an ordinary disk or an unreadable folder is not", () => {
  for (const [type, name] of [
    [0x6969, "NFS"],
    [0x65735546, "FUSE"],
    [0x794c7630, "overlay"],
    [0xff534d42, "SMB"],
    [0xff534d42 | 0, "SMB"],
    [0xef53, undefined],
    [0x01021994, undefined],
    [0x9123683e, undefined],
  ] as const)
    assert.equal(
      sharedFilesystem("/folder", { type: () => type, device: () => 1n, mountInfo: () => "" }),
      name,
      type.toString(16),
    );
  const type = (): never => {
    throw new Error("ENOENT");
  };
  assert.equal(sharedFilesystem("/folder", { type, device: () => 1n, mountInfo: () => "" }), undefined);
});

test("a FUSE driver of a local disk is an ordinary disk, and one without a disk is not", () => {
  const mountInfo = () =>
    [
      "22 27 0:20 / /proc rw,nosuid shared:5 - proc proc rw",
      "61 28 7:3 / /media/stick rw,nosuid,nodev shared:33 - fuseblk /dev/loop3 rw,user_id=0,group_id=0,allow_other",
      "62 28 259:300 / /media/disk rw - fuseblk.ntfs-3g /dev/nvme0n1p1 rw",
      "63 28 0:52 / /mnt/remote rw,nosuid - fuse.sshfs me@host:/ rw,user_id=1000",
    ].join("\n");
  const nameOn = (device: bigint) =>
    sharedFilesystem("/folder", { type: () => 0x65735546, device: () => device, mountInfo });
  assert.equal(nameOn(0x703n), undefined);
  assert.equal(nameOn((259n << 8n) | (300n & 0xffn) | ((300n & ~0xffn) << 12n)), undefined);
  assert.equal(nameOn(52n), "FUSE");
  assert.equal(nameOn(53n), "FUSE", "not in the list");
});
