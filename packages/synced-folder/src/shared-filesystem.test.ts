import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedFilesystem } from "./shared-filesystem.ts";

test("a filesystem that others change is named, an ordinary disk and a folder that cannot be looked at are not", () => {
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
      sharedFilesystem("/folder", () => ({ type })),
      name,
      type.toString(16),
    );
  const fails = (): never => {
    throw new Error("ENOENT");
  };
  assert.equal(sharedFilesystem("/folder", fails), undefined);
});
