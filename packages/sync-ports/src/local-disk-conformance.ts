import assert from "node:assert/strict";
import { test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk, LocalStat, Part } from "./ports.ts";

const plain = { mtimeNs: undefined, executable: false } as const;

/**
 * Tests for every synced folder, without power failures.
 * @param makeDisk returns a disk with a new, empty root
 */
export function testLocalDisk(name: string, makeDisk: () => Promise<LocalDisk>): void {
  const check = (what: string, body: (disk: LocalDisk) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => body(await makeDisk()));
  };

  check("a new file contains its parts in order, and is cut and read as written", async (disk) => {
    const bytes = noise(700_000);
    await disk.create("a", partsOf(bytes), { mtimeNs: 1_700_000_000_123_456_789n, executable: true });
    const { blocks, before, after } = await disk.cut("a");
    assert.deepEqual(
      blocks.map(({ hash }) => hash),
      hashesOf(bytes, blocks),
    );
    assert.deepEqual(before, after);
    assert.deepEqual(await disk.stat("a"), after);
    assert.equal(after.kind, "file");
    assert.equal(after.fingerprint.sizeBytes, 700_000);
    assert.equal(after.fingerprint.mtimeNs, 1_700_000_000_123_456_789n);
    assert.equal(after.executable, true);
    assert.equal(after.links, 1);
    assert.deepEqual(Buffer.from(await disk.readAt("a", 300_000, 10)), bytes.subarray(300_000, 300_010));
    assert.deepEqual(Buffer.from(await disk.readAt("a", 699_995, 10)), bytes.subarray(699_995));
    assert.equal((await disk.readAt("a", 700_001, 10)).length, 0);
  });

  check("a joint stat of one folder's names equals their single ones", async (disk) => {
    if (disk.statIn === undefined) return;
    await disk.mkdir("folder");
    await disk.mkdir("folder/below");
    await disk.create("folder/file", partsOf(noise(10)), plain);
    await disk.symlink("file", "folder/link");
    await disk.symlink("folder", "way");
    const names = ["below", "file", "nothing", "link"];
    for (const folder of ["folder", "nowhere", "folder/file", "way"]) {
      const alone = await Promise.all(names.map((each) => disk.stat(`${folder}/${each}`)));
      assert.deepEqual(await disk.statIn(folder, names), alone, folder);
    }
    assert.deepEqual(await disk.statIn("", ["folder", "none"]), [await disk.stat("folder"), undefined]);
    for (const wrong of ["", ".", "..", "a/b", "a\0"])
      assert.ok((await disk.statIn("folder", [wrong]))[0] instanceof HoldfastError);
  });

  check("bytes are returned with the file's state before and after the read", async (disk) => {
    if (disk.readBetween === undefined) return;
    const bytes = noise(700_000);
    await disk.create("a", partsOf(bytes), plain);
    const stat = await disk.stat("a");
    for (const [offset, sizeBytes] of [
      [0, 700_000],
      [300_000, 10],
      [699_995, 10],
      [0, 0],
    ] as const) {
      const read = await disk.readBetween("a", offset, sizeBytes);
      assert.deepEqual(Buffer.from(read.bytes), bytes.subarray(offset, offset + sizeBytes));
      assert.deepEqual([read.before, read.after], [stat, stat]);
    }
    await rejects(disk.readBetween("b", 0, 1), "not_found");
  });

  check("an empty file has no blocks", async (disk) => {
    await disk.create("a", [], plain);
    assert.deepEqual((await disk.cut("a")).blocks, []);
    assert.equal((await mustStat(disk, "a")).executable, false);
  });

  check("parts are copied from other files, combined with given bytes", async (disk) => {
    const [old, fresh] = [noise(600_000), noise(1000)];
    await disk.mkdir("folder");
    await disk.create("folder/old", partsOf(old), plain);
    const copied = old.subarray(100_000, 400_000);
    const parts: Part[] = [
      { kind: "bytes", hash: sha256(fresh), bytes: fresh },
      { kind: "copy", hash: sha256(copied), sizeBytes: copied.length, from: "folder/old", offset: 100_000 },
    ];
    await disk.create("new", parts, plain);
    assert.deepEqual(Buffer.from(await disk.readAt("new", 0, 400_000)), Buffer.concat([fresh, copied]));
    // `shares` is only a hint.
    for (const shares of ["folder/old", "folder/none", "new"]) {
      await disk.create("again", parts, { ...plain, shares });
      assert.deepEqual(Buffer.from(await disk.readAt("again", 0, 700_000)), Buffer.concat([fresh, copied]));
      await disk.unlink("again");
    }
  });

  check("a part with wrong bytes leaves nothing behind, and the error names its hash", async (disk) => {
    const [good, other] = [noise(300_000), noise(300_000, 1)];
    await disk.create("old", partsOf(good), plain);
    const wrong: Part[] = [
      { kind: "bytes", hash: sha256(other), bytes: good },
      { kind: "bytes", hash: sha256(other), bytes: good.subarray(0, 10) },
      { kind: "copy", hash: sha256(other), sizeBytes: 300_000, from: "old", offset: 0 },
      { kind: "copy", hash: sha256(other), sizeBytes: 300_000, from: "old", offset: 1 },
    ];
    for (const part of wrong) {
      const creating = disk.create("new", [...partsOf(good), part, ...partsOf(good)], plain);
      const error = await rejects(creating, "hash_mismatch");
      assert.equal(error.body["hash"], sha256(other));
      assert.equal(await disk.stat("new"), undefined);
    }
  });

  check("a failing source of parts leaves nothing behind, and its error is passed on", async (disk) => {
    async function* breaking(): AsyncGenerator<Part> {
      yield* partsOf(noise(400_000));
      throw new HoldfastError("unreachable", "The line is cut.");
    }
    await rejects(disk.create("new", breaking(), plain), "unreachable");
    assert.equal(await disk.stat("new"), undefined);
  });

  check("a taken name is not replaced", async (disk) => {
    await disk.create("a", partsOf(noise(10)), plain);
    await disk.symlink("elsewhere", "link");
    await disk.mkdir("folder");
    for (const taken of ["a", "link", "folder"]) {
      const before = await disk.stat(taken);
      await rejects(disk.create(taken, [], plain), "exists");
      await rejects(disk.mkdir(taken), "exists");
      await rejects(disk.symlink("x", taken), "exists");
      await disk.create("other", [], plain);
      await rejects(disk.rename("other", taken), "exists");
      await disk.unlink("other");
      assert.deepEqual(await disk.stat(taken), before);
    }
    assert.equal(await disk.readLink("link"), "elsewhere");
  });

  check("many items are renamed in order, and a failed one stops no others", async (disk) => {
    if (disk.renameEach === undefined) return;
    for (const folder of ["folder", "other", "folder/below"]) await disk.mkdir(folder);
    for (const each of ["a", "b", "c", "taken"]) await disk.create(`folder/${each}`, partsOf(noise(10)), plain);
    await disk.create("other/taken", [], plain);
    await disk.symlink("folder", "way");
    const renames = [
      ["folder/a", "other/a"],
      ["folder/taken", "other/taken"],
      ["folder/absent", "other/absent"],
      ["folder/..", "other/up"],
      ["folder/b", "other/b"],
      ["other/b", "folder/below/b"],
      ["way/c", "other/c"],
      ["folder/c", "nowhere/c"],
      ["folder/c", "folder/c"],
      ["folder/below", "folder/below/it"],
      ["other/a", "a"],
    ].map(([from = "", to = ""]) => ({ from, to }));
    const results = await disk.renameEach(renames);
    const codes = results.map((each) => each?.code);
    const none = undefined;
    assert.deepEqual(codes, [
      none,
      "exists",
      "not_found",
      "failed",
      none,
      none,
      "not_found",
      "not_found",
      none,
      "failed",
      none,
    ]);
    assert.deepEqual((await disk.list("folder")).toSorted(), ["below", "c", "taken"]);
    assert.deepEqual(await disk.list("folder/below"), ["b"]);
    assert.deepEqual(await disk.list("other"), ["taken"]);
    assert.equal((await mustStat(disk, "a")).fingerprint.sizeBytes, 10);
    assert.deepEqual(await disk.renameEach([]), []);
  });

  check("missing paths, also below a file, are reported as missing by every call", async (disk) => {
    await disk.create("file", [], plain);
    for (const path of ["absent", "absent/below", "file/below"]) {
      assert.equal(await disk.stat(path), undefined);
      await rejects(disk.list(path), "not_found");
      await rejects(disk.cut(path), "not_found");
      await rejects(disk.readAt(path, 0, 1), "not_found");
      await rejects(disk.readLink(path), "not_found");
      await rejects(disk.rename(path, "new"), "not_found");
      await rejects(disk.exchange(path, "file"), "not_found");
      await rejects(disk.exchange("file", path), "not_found");
      await rejects(disk.unlink(path), "not_found");
      await rejects(disk.rmdir(path), "not_found");
      await rejects(disk.setExecutable(path, true), "not_found");
      await rejects(disk.syncFile(path), "not_found");
      await rejects(disk.syncFolder(path), "not_found");
    }
    await rejects(disk.create("absent/x", [], plain), "not_found");
    await rejects(disk.mkdir("file/x"), "not_found");
    await rejects(disk.list("file"), "not_found");
  });

  check("only links have a target", async (disk) => {
    await disk.create("file", [], plain);
    await disk.mkdir("folder");
    for (const path of ["file", "folder"]) await rejects(disk.readLink(path), "unavailable");
  });

  check("a list contains the names of one folder", async (disk) => {
    await disk.mkdir("b");
    await disk.create("b/inside", [], plain);
    await disk.create("a ü", [], plain);
    await disk.symlink("nowhere", "c");
    assert.deepEqual([...(await disk.list(""))].toSorted(), ["a ü", "b", "c"]);
    assert.deepEqual(await disk.list("b"), ["inside"]);
    assert.equal((await mustStat(disk, "b")).kind, "folder");
    assert.equal((await mustStat(disk, "c")).kind, "symlink");
    assert.equal((await mustStat(disk, "")).kind, "folder");
  });

  check("a rename keeps the file, and one into itself is rejected", async (disk) => {
    await disk.mkdir("a");
    await disk.create("a/file", partsOf(noise(10)), plain);
    const before = await mustStat(disk, "a/file");
    await disk.rename("a", "b");
    assert.equal((await mustStat(disk, "b/file")).fingerprint.inode, before.fingerprint.inode);
    assert.equal(await disk.stat("a"), undefined);
    await disk.rename("b/file", "file");
    assert.equal((await mustStat(disk, "file")).fingerprint.inode, before.fingerprint.inode);
    await disk.mkdir("b/c");
    await rejects(disk.rename("b", "b/c/d"), "failed");
    await disk.rename("b", "b");
    assert.equal((await mustStat(disk, "b")).kind, "folder");
  });

  check("an exchange swaps the names of a file and a folder", async (disk) => {
    await disk.create("file", [], plain);
    await disk.mkdir("folder");
    await disk.create("folder/x", [], plain);
    const [file, folder] = [await mustStat(disk, "file"), await mustStat(disk, "folder")];
    await disk.exchange("file", "folder");
    assert.equal((await mustStat(disk, "file")).fingerprint.inode, folder.fingerprint.inode);
    assert.equal((await mustStat(disk, "folder")).fingerprint.inode, file.fingerprint.inode);
    assert.deepEqual(await disk.list("file"), ["x"]);
  });

  check("a file gets another name, and a file replaces another only if that has the expected inode", async (disk) => {
    await disk.create("old", partsOf(noise(10)), plain);
    await disk.create("new", partsOf(noise(20)), plain);
    const [old, next] = [await mustStat(disk, "old"), await mustStat(disk, "new")];
    await disk.link("old", "aside");
    assert.equal((await mustStat(disk, "aside")).links, 2);
    await rejects(disk.link("old", "new"), "exists");
    await rejects(disk.link("absent", "x"), "not_found");
    assert.equal(await disk.supersede("new", "old", next.fingerprint.inode), false);
    assert.equal(await disk.supersede("new", "absent", 1n), false);
    assert.equal(await disk.supersede("new", "old", old.fingerprint.inode), true);
    assert.equal((await mustStat(disk, "old")).fingerprint.inode, next.fingerprint.inode);
    assert.equal((await mustStat(disk, "aside")).fingerprint.inode, old.fingerprint.inode);
    assert.equal(await disk.stat("new"), undefined);
  });

  check("only an empty folder is removed, and a folder cannot be unlinked", async (disk) => {
    await disk.mkdir("a");
    await disk.create("a/x", [], plain);
    await rejects(disk.rmdir("a"), "failed");
    await rejects(disk.unlink("a"), "failed");
    await disk.unlink("a/x");
    await disk.rmdir("a");
    await disk.symlink("gone", "link");
    await disk.unlink("link");
    assert.deepEqual(await disk.list(""), []);
  });

  check("the executable bit is set and cleared, each with a new ctime", async (disk) => {
    await disk.create("a", [], plain);
    for (const executable of [true, false]) {
      const after = await changed(disk, "a", () => disk.setExecutable("a", executable));
      assert.equal(after.executable, executable);
    }
  });

  check("files and folders are made private and public again, each with a new ctime", async (disk) => {
    await disk.create("a", [], plain);
    await disk.mkdir("folder");
    for (const path of ["a", "folder"]) {
      const before = await mustStat(disk, path);
      assert.equal(before.isPrivate, false);
      assert.equal((await changed(disk, path, () => disk.setPrivate(path, true))).isPrivate, true);
      const { isPrivate, executable } = await changed(disk, path, () => disk.setPrivate(path, false));
      assert.deepEqual([isPrivate, executable], [false, before.executable]);
    }
  });

  check("items created as private or public are so, also modelled after a file with the other mode", async (disk) => {
    await disk.mkdir("folder", { isPrivate: true });
    await disk.create("a", [], { ...plain, isPrivate: true });
    await disk.create("b", [], plain);
    const isPrivate = async (path: string): Promise<boolean> => (await mustStat(disk, path)).isPrivate;
    assert.deepEqual([await isPrivate("folder"), await isPrivate("a")], [true, true]);
    await disk.create("like a", [], { ...plain, attributesFrom: "a" });
    await disk.create("opened", [], { ...plain, attributesFrom: "a", isPrivate: false });
    await disk.create("closed", [], { ...plain, attributesFrom: "b", isPrivate: true, executable: true });
    assert.deepEqual(
      [await isPrivate("like a"), await isPrivate("opened"), await isPrivate("closed")],
      [true, false, true],
    );
    assert.equal((await mustStat(disk, "closed")).executable, true);
  });

  check("the filesystem's time advances, and a file written meanwhile has a time in between", async (disk) => {
    const first = await disk.now("clock");
    await disk.create("a", [], plain);
    const { ctimeNs } = (await mustStat(disk, "a")).fingerprint;
    const last = await disk.now("clock");
    assert.ok(first <= ctimeNs && ctimeNs <= last, `${first} ${ctimeNs} ${last}`);
  });

  check("files, folders and the root are made durable", async (disk) => {
    await disk.mkdir("a");
    await disk.create("a/x", partsOf(noise(10)), plain);
    await disk.syncFile("a/x");
    await disk.syncFolder("a");
    await disk.syncFolder("");
    await disk.syncAll?.();
  });
}

export function noise(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  let state = (length ^ (seed * 0x9e37_79b1)) | 1;
  for (let at = 0; at < length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}

function hashesOf(bytes: Uint8Array, blocks: readonly { readonly size: number }[]): string[] {
  let end = 0;
  const hashes = blocks.map(({ size }) => sha256(bytes.subarray(end, (end += size))));
  assert.equal(end, bytes.length);
  return hashes;
}

export function partsOf(bytes: Uint8Array): Part[] {
  return cutBlocks(bytes, true).blocks.map(({ start, end }) => {
    const part = bytes.subarray(start, end);
    return { kind: "bytes", hash: sha256(part), bytes: part };
  });
}

export async function rejects(promise: Promise<unknown>, code: ErrorCode): Promise<HoldfastError> {
  let met: unknown;
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof HoldfastError, `not a HoldfastError: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    met = error;
    return true;
  });
  return met as HoldfastError;
}

async function mustStat(disk: LocalDisk, path: string): Promise<LocalStat> {
  const stat = await disk.stat(path);
  assert.ok(stat !== undefined, `${path} is absent`);
  return stat;
}

/** Changes the mode in a later tick of the filesystem's clock, which may be milliseconds long. @returns the new state */
async function changed(disk: LocalDisk, path: string, change: () => Promise<void>): Promise<LocalStat> {
  const before = (await mustStat(disk, path)).fingerprint;
  for (let tries = 0; (await disk.now("clock")) <= before.ctimeNs; tries += 1)
    assert.ok(tries < 1_000_000, "the filesystem's time does not advance");
  await change();
  const after = await mustStat(disk, path);
  assert.ok(after.fingerprint.ctimeNs > before.ctimeNs, `${path} has its old ctime`);
  assert.deepEqual({ ...after.fingerprint, ctimeNs: before.ctimeNs }, before);
  return after;
}
