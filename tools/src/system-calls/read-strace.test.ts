import assert from "node:assert/strict";
import { test } from "node:test";
import { readStrace } from "./read-strace.ts";

function read(...lines: string[]): unknown[] {
  return readStrace(lines.join("\n")).map(({ what, path, to, beganAt, endedAt }) => {
    return [what, to === undefined ? path : `${path} -> ${to}`, beganAt, endedAt];
  });
}

test("a call interrupted by another thread keeps its beginning and its end", () => {
  const lines = [
    "7  fdatasync(3</f/a> <unfinished ...>",
    '8  pwrite64(3</f/a>, "x", 1, 0) = 1',
    "7  <... fdatasync resumed>)          = 0",
  ];
  assert.deepEqual(read(...lines), [
    ["write", "/f/a", 1, 1],
    ["datasync", "/f/a", 0, 2],
  ]);
});

test("a failed call has no effect", () => {
  assert.deepEqual(
    read('7  rename("/f/a", "/f/b") = -1 ENOENT (No such file or directory)', "7  fsync(3</f/a>) = -1 EIO (I/O)"),
    [],
  );
});

test("names are resolved by folder, by descriptor and by escape", () => {
  const lines = [
    '7  openat2(AT_FDCWD</>, "/f/d", {flags=O_PATH|O_DIRECTORY, mode=0}, 24) = 9</f/d>',
    '7  renameat2(9</f/d>, "\\303\\251", 9</f/d>, "a\\\\b\\"", RENAME_NOREPLACE) = 0',
    '7  unlink("/proc/self/fd/9/x") = 0',
    '7  openat(AT_FDCWD</>, "/f/\\"<>\\\\", O_WRONLY|O_CREAT|O_EXCL, 0600) = 10</f/\\"\\74\\76\\\\>',
    '7  openat(AT_FDCWD</>, "/f/read", O_RDONLY) = 11</f/read>',
    '7  write(10</f/gone>(deleted), "x", 1) = 1',
    '7  writev(1<pipe:[5]>, [{iov_base="done\\n", iov_len=5}], 1) = 5',
  ];
  assert.deepEqual(read(...lines), [
    ["rename", '/f/d/é -> /f/d/a\\b"', 1, 1],
    ["remove", "/f/d/x", 2, 2],
    ["make", '/f/"<>\\', 3, 3],
    ["say", "done\n", 6, 6],
  ]);
});
