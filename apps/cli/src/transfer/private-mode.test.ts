import assert from "node:assert/strict";
import { test } from "node:test";
import { isPrivate } from "./private-mode.ts";

const [fat, smb, ext4] = [0x4d44, 0xff534d42 | 0, 0xef53];
let device = -1n;

function isPrivateOn(type: number, mode = 0o100600n): boolean {
  device -= 1n;
  return isPrivate("file", { mode, dev: device }, () => type);
}

test("a file is private if only its owner has rights to it and its filesystem stores modes", () => {
  assert.deepEqual(
    [fat, smb, ext4].map((type) => isPrivateOn(type)),
    [false, false, true],
  );
  assert.equal(isPrivateOn(ext4, 0o100640n), false);
});

test("a device's filesystem is checked once, and only for files that look private", () => {
  const asked: string[] = [];
  const typeAt = (path: string): number => (asked.push(path), ext4);
  device -= 1n;
  for (const [path, mode] of [
    ["open", 0o100644n],
    ["closed", 0o100600n],
    ["other", 0o100700n],
  ] as const)
    isPrivate(path, { mode, dev: device }, typeAt);
  assert.deepEqual(asked, ["closed"]);
});
