import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import type { ErrorCode } from "@holdfast/core/errors";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "./disk-error.ts";
import type { Disk } from "./disk.ts";

/**
 * Tests for every disk, without power failures.
 * @param makeFolder returns the path of a new, empty folder on the disk
 */
export function testDisk(name: string, disk: Disk, makeFolder: () => Promise<string>): void {
  const check = (what: string, body: (folder: string) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => body(await makeFolder()));
  };

  check("a new file contains appended and positioned writes", async (folder) => {
    const path = join(folder, "a");
    const file = await disk.createFile(path, { mode: 0o600 });
    await file.write(text("hello "));
    await file.write([text("w"), text(""), text("orld")]);
    await file.write(text("J"), 0);
    await file.write(text("!"));
    await file.datasync();
    await file.sync();
    await file.close();
    assert.equal(await read(disk, path), "Jello world!");
    const stat = await disk.stat(path);
    assert.deepEqual([stat.kind, stat.sizeBytes, stat.mode], ["file", 12, 0o600]);
  });

  check("a write of very many pieces is complete", async (folder) => {
    const pieces = Array.from({ length: 3000 }, (_, number) => text(`${number},`));
    const file = await disk.createFile(join(folder, "a"), { mode: 0o644 });
    await file.write(pieces);
    await file.close();
    assert.equal(await read(disk, join(folder, "a")), pieces.map((piece) => Buffer.from(piece).toString()).join(""));
  });

  check("a write beyond the end leaves zeros", async (folder) => {
    const file = await disk.createFile(join(folder, "a"), { mode: 0o644 });
    await file.write(text("x"), 9000);
    await file.close();
    const bytes = await disk.readFile(join(folder, "a"));
    assert.equal(bytes.length, 9001);
    assert.ok(bytes.subarray(0, 9000).every((byte) => byte === 0));
  });

  check("an existing name, even a dangling link, is never opened for writing", async (folder) => {
    await write(disk, join(folder, "a"), "old");
    await disk.symlink(join(folder, "elsewhere"), join(folder, "link"));
    await rejects(disk.createFile(join(folder, "a"), { mode: 0o644 }), "exists", "EEXIST");
    await rejects(disk.createFile(join(folder, "link"), { mode: 0o644 }), "exists", "EEXIST");
    await rejects(disk.mkdir(join(folder, "a")), "exists", "EEXIST");
    await rejects(disk.symlink("x", join(folder, "a")), "exists", "EEXIST");
    await rejects(disk.link(join(folder, "a"), join(folder, "link")), "exists", "EEXIST");
    assert.equal(await read(disk, join(folder, "a")), "old");
  });

  check("missing paths, also below a file, are not_found", async (folder) => {
    await write(disk, join(folder, "file"), "");
    for (const path of [join(folder, "absent"), join(folder, "file", "below")]) {
      await rejects(disk.stat(path), "not_found");
      await rejects(disk.readFile(path), "not_found");
      await rejects(disk.openForRead(path), "not_found");
      await rejects(disk.unlink(path), "not_found");
      await rejects(disk.rename(path, join(folder, "x")), "not_found");
      await rejects(disk.createFile(join(path, "x"), { mode: 0o600 }), "not_found");
      await rejects(disk.syncFolder(path), "not_found");
      await rejects(Array.fromAsync(disk.list(path)), "not_found");
    }
  });

  check("a reader reads at any offset, and less only at the end", async (folder) => {
    await write(disk, join(folder, "a"), "0123456789");
    const reader = await disk.openForRead(join(folder, "a"));
    const target = new Uint8Array(4);
    assert.equal(await reader.readAt(target, 3), 4);
    assert.equal(Buffer.from(target).toString(), "3456");
    assert.equal(await reader.readAt(target, 8), 2);
    assert.equal(Buffer.from(target.subarray(0, 2)).toString(), "89");
    assert.equal(await reader.readAt(target, 10), 0);
    assert.equal((await reader.stat()).sizeBytes, 10);
    await reader.close();
  });

  check("a reader keeps its open file when another one takes the name", async (folder) => {
    await write(disk, join(folder, "a"), "old");
    await write(disk, join(folder, "b"), "new");
    const reader = await disk.openForRead(join(folder, "a"));
    await disk.rename(join(folder, "b"), join(folder, "a"));
    const target = new Uint8Array(3);
    await reader.readAt(target, 0);
    await reader.close();
    assert.equal(Buffer.from(target).toString(), "old");
    assert.equal(await read(disk, join(folder, "a")), "new");
    await rejects(disk.stat(join(folder, "b")), "not_found");
  });

  check("a rename over a non-empty folder, or into itself, fails", async (folder) => {
    await disk.mkdir(join(folder, "a"));
    await disk.mkdir(join(folder, "b"));
    await write(disk, join(folder, "b", "file"), "x");
    await rejects(disk.rename(join(folder, "a"), join(folder, "b")), "failed");
    await rejects(disk.rename(join(folder, "a"), join(folder, "a", "c")), "failed", "EINVAL");
    await rejects(disk.rename(join(folder, "b", "file"), join(folder, "a")), "failed", "EISDIR");
    await rejects(disk.rmdir(join(folder, "b")), "failed");
    await disk.rename(join(folder, "b"), join(folder, "a"));
    assert.equal(await read(disk, join(folder, "a", "file")), "x");
  });

  check("hard and symbolic links are recognized", async (folder) => {
    await write(disk, join(folder, "a"), "x");
    await disk.link(join(folder, "a"), join(folder, "b"));
    await disk.symlink("a/../somewhere", join(folder, "c"));
    assert.equal((await disk.stat(join(folder, "a"))).inode, (await disk.stat(join(folder, "b"))).inode);
    assert.equal((await disk.stat(join(folder, "c"))).kind, "symlink");
    assert.equal(await disk.readLink(join(folder, "c")), "a/../somewhere");
    await rejects(disk.openForRead(join(folder, "c")), "failed", "ELOOP");
    await rejects(disk.readLink(join(folder, "a")), "failed", "EINVAL");
    await disk.unlink(join(folder, "a"));
    assert.equal(await read(disk, join(folder, "b")), "x");
    await rejects(disk.unlink(folder), "failed");
  });

  check("a list names all entries with their kinds", async (folder) => {
    await disk.mkdir(join(folder, "folder"), { mode: 0o700 });
    await write(disk, join(folder, "file"), "x");
    await disk.symlink("x", join(folder, "link"));
    const entries = await Array.fromAsync(disk.list(folder));
    const seen = entries.map(({ name: entry, kind }) => `${entry} ${kind}`).toSorted();
    assert.deepEqual(seen, ["file file", "folder folder", "link symlink"]);
    assert.equal((await disk.stat(join(folder, "folder"))).mode, 0o700);
    await rejects(disk.rmdir(folder), "failed");
    await disk.rmdir(join(folder, "folder"));
    await disk.syncFolder(folder);
  });

  check("mode and times of a file can be set", async (folder) => {
    const file = await disk.createFile(join(folder, "a"), { mode: 0o600 });
    await file.write(text("x"));
    await file.setMode(0o755);
    await file.setTimes(1_700_000_000_123_457n);
    await file.sync();
    await file.close();
    const stat = await disk.stat(join(folder, "a"));
    assert.deepEqual([stat.mode, stat.mtimeMicros], [0o755, 1_700_000_000_123_457n]);
  });
}

function text(content: string): Uint8Array {
  return Buffer.from(content);
}

async function read(disk: Disk, path: string): Promise<string> {
  return Buffer.from(await disk.readFile(path)).toString();
}

async function write(disk: Disk, path: string, content: string): Promise<void> {
  const file = await disk.createFile(path, { mode: 0o644 });
  await file.write(text(content));
  await file.close();
}

async function rejects(promise: Promise<unknown>, code: ErrorCode, errno?: string): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HoldfastError, `not a HoldfastError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    if (errno !== undefined) assert.equal(errnoOf(error), errno);
    return true;
  });
}
