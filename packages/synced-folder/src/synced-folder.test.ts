import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startCodecPool } from "@holdfast/codec/pool";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import { nameProblem } from "@holdfast/core/names";
import { noise, partsOf, rejects, testLocalDisk } from "@holdfast/sync-ports/local-disk-conformance";
import { linux, type Native, SystemCallError } from "@holdfast/disk/native";
import { openSyncedFolder } from "./open-synced-folder.ts";
import type { BlockSink, LocalDisk, ReadBlock } from "@holdfast/sync-ports/ports";

const home = mkdtempSync(join(tmpdir(), "holdfast-synced-folder-"));
const pool = startCodecPool({ threads: 2 });
after(async () => {
  await pool.close();
  rmSync(home, { recursive: true });
});

const plain = { mtimeNs: undefined, executable: false } as const;

function makeRoot(native?: Native): { readonly root: string; readonly disk: LocalDisk } {
  const root = mkdtempSync(join(home, "root-"));
  return { root, disk: openSyncedFolder(root, { pool, ...(native && { native }) }) };
}

/** Simulates an older Linux or a filesystem without these calls. */
function without(...calls: ("openBelow" | "rename")[]): Native {
  const fail = (errno: number): never => {
    throw new SystemCallError("test", errno);
  };
  return {
    ...linux(),
    ...(calls.includes("openBelow") && { openBelow: () => fail(38) }),
    ...(calls.includes("rename") && {
      rename: (from, to, flags) => (flags === 0 ? linux().rename(from, to, flags) : fail(22)),
    }),
  };
}

testLocalDisk("synced folder", async () => makeRoot().disk);
testLocalDisk("synced folder on an old kernel", async () => makeRoot(without("openBelow")).disk);

test("names that are not UTF-8 are listed as distinct and never equal node names, and such link targets are reported", async () => {
  const { root, disk } = makeRoot();
  const names = [
    [0x61, 0xff],
    [0x61, 0xfe],
    [0x61, 0xef, 0xbf, 0xbd],
    [0xc3, 0x28],
    [0xed, 0xb3, 0xbf],
  ];
  for (const name of names) writeFileSync(Buffer.from([...Buffer.from(`${root}/`), ...name]), "x");
  const listed = await disk.list("");
  assert.equal(new Set(listed).size, names.length);
  assert.deepEqual(
    listed.filter((name) => nameProblem(name) === undefined),
    ["a\ufffd"],
  );
  for (const name of listed) assert.equal((await disk.stat(name))?.kind, "file");
  for (const name of listed) await disk.unlink(name);
  assert.deepEqual(readdirSync(root), []);
  symlinkSync(Buffer.from([0x61, 0xff]), join(root, "link"));
  await assert.rejects(disk.readLink("link"), { code: "failed", body: { unfit: true } });
});

test("paths of 4,095 bytes and more work like short ones", async () => {
  const { disk } = makeRoot();
  const names = Array.from({ length: 40 }, (_, index) => `${"ü".repeat(100)}${index}`);
  for (let depth = 1; depth <= names.length; depth += 1) await disk.mkdir(names.slice(0, depth).join("/"));
  const folder = names.join("/");
  assert.ok(Buffer.byteLength(folder) > 8000);
  await disk.create(`${folder}/a`, partsOf(noise(10)), plain);
  await disk.rename(`${folder}/a`, `${folder}/b`);
  assert.equal((await disk.cut(`${folder}/b`)).blocks.length, 1);
  assert.deepEqual(await disk.list(folder), ["b"]);
  await disk.syncFile(`${folder}/b`);
  await disk.unlink(`${folder}/b`);
  for (let depth = names.length; depth > 0; depth -= 1) await disk.rmdir(names.slice(0, depth).join("/"));
});

for (const native of [linux(), without("openBelow")]) testLinks(native);

function testLinks(native: Native): void {
  const kernel = native === linux() ? "" : ", on an old kernel neither";
  test(`no read or change reaches outside through a link or a path${kernel}`, async () => {
    const { root, disk } = makeRoot(native);
    const outside = mkdtempSync(join(home, "outside-"));
    writeFileSync(join(outside, "secret"), "x");
    symlinkSync(outside, join(root, "folder"));
    symlinkSync(join(outside, "secret"), join(root, "file"));
    assert.equal(await disk.stat("folder/secret"), undefined);
    await rejects(disk.list("folder"), "not_found");
    await rejects(disk.cut("folder/secret"), "not_found");
    await rejects(disk.cut("file"), "unavailable");
    await rejects(disk.readAt("file", 0, 1), "unavailable");
    await rejects(disk.setExecutable("file", true), "failed");
    await rejects(disk.create("folder/new", [], plain), "not_found");
    await rejects(disk.mkdir("folder/new"), "not_found");
    await rejects(disk.unlink("folder/secret"), "not_found");
    await rejects(disk.rename("folder/secret", "mine"), "not_found");
    for (const path of ["../secret", "a/../../secret", "/etc", "a//b", "a/", ".", "a\0b"]) {
      await rejects(disk.stat(path), "failed");
      await rejects(disk.unlink(path), "failed");
    }
    assert.deepEqual(readdirSync(outside), ["secret"]);
    assert.equal(statSync(join(outside, "secret")).mode & 0o111, 0);
  });
}

test("a pipe is recognized without waiting for its other end", async () => {
  const { root, disk } = makeRoot();
  execFileSync("mkfifo", [join(root, "pipe")]);
  assert.equal((await disk.stat("pipe"))?.kind, "other");
  await rejects(disk.cut("pipe"), "failed");
});

test("a missing root is an error everywhere, never an empty tree", async () => {
  const { root, disk } = makeRoot();
  await disk.create("a", [], plain);
  renameSync(root, `${root}-away`);
  await rejects(disk.stat("a"), "unavailable");
  await rejects(disk.list(""), "unavailable");
  await rejects(disk.cut("a"), "unavailable");
  await rejects(disk.create("b", [], plain), "unavailable");
});

test("an inaccessible item is unavailable, not absent", { skip: process.getuid?.() !== 0 && "needs root" }, () => {
  const root = mkdtempSync(join(home, "root-"));
  chmodSync(home, 0o755);
  chmodSync(root, 0o755);
  mkdirSync(join(root, "closed"), { mode: 0o700 });
  writeFileSync(join(root, "closed", "a"), "x", { mode: 0o600 });
  mkdirSync(join(root, "readable"));
  writeFileSync(join(root, "readable", "b"), "x");
  chmodSync(join(root, "readable"), 0o744);
  const script = `
    import { openSyncedFolder } from ${JSON.stringify(new URL("open-synced-folder.ts", import.meta.url).href)};
    process.setuid(65534);
    const disk = openSyncedFolder(${JSON.stringify(root)}, { pool: { threads: 1 } });
    const code = (promise) => promise.then((value) => String(value), (error) => error.code + " " + JSON.stringify(error.body) + " " + error.message);
    console.log(JSON.stringify([await code(disk.stat("closed/a")), await code(disk.list("closed")), await code(disk.mkdir("b")), await code(disk.list("readable")), await code(disk.stat("readable/b"))]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const [stat, list, mkdir, names, below] = JSON.parse(output) as string[];
  assert.match(stat ?? "", /^unavailable .*closed\/a.*EACCES/);
  assert.match(list ?? "", /^unavailable .*closed.*EACCES/);
  assert.match(mkdir ?? "", /^failed .*b.*EACCES.*read and write permission/);
  assert.equal(names, "b");
  assert.match(below ?? "", /^unavailable \{"denied":true\} .*readable\/b.*EACCES/);
});

test("a large file passes through windows, with the blocks and pieces of its bytes", async () => {
  const { root, disk } = makeRoot();
  const bytes = noise(21_000_001);
  await disk.create("a", partsOf(bytes), plain);
  assert.ok(readFileSync(join(root, "a")).equals(bytes));
  const { blocks } = await disk.cut("a");
  assert.deepEqual(
    blocks.map(({ hash, size }) => ({ hash, size })),
    blocksOf(bytes),
  );
  assert.ok(blocks.every(({ pieces }) => (pieces?.length ?? 0) > 8));
  const copies = blocks.map(({ hash, size }, index) => {
    const offset = blocks.slice(0, index).reduce((sum, block) => sum + block.size, 0);
    return { kind: "copy", hash, sizeBytes: size, from: "a", offset } as const;
  });
  await disk.create("b", copies, plain);
  assert.ok(readFileSync(join(root, "b")).equals(bytes));
});

test("a consumer of blocks during a cut gets all bytes, and blocks still in use are not overwritten", async () => {
  const { root, disk } = makeRoot();
  const bytes = noise(40_000_000);
  writeFileSync(join(root, "a"), bytes);
  writeFileSync(join(root, "b"), bytes.toReversed());
  const kept: ReadBlock[] = [];
  let takes = 0;
  const sink: BlockSink = {
    hasRoom: async () => true,
    take: async (blocks) => {
      takes += 1;
      const isKept = takes % 2 === 0;
      if (isKept) kept.push(...blocks);
      await new Promise((resolve) => setImmediate(resolve));
      for (const { hash, size, bytes: own } of blocks) assert.deepEqual([sha256(own), own.length], [hash, size]);
      return !isKept;
    },
  };
  const { blocks } = await disk.cut("a", sink);
  assert.deepEqual(
    blocks.map(({ hash, size }) => ({ hash, size })),
    blocksOf(bytes),
  );
  assert.ok(takes >= 5 && kept.length > 0, `${takes} windows`);
  assert.deepEqual((await disk.cut("b")).blocks.length > 1, true);
  for (const { hash, bytes: own } of kept) assert.equal(sha256(own), hash);
  let questions = 0;
  const hasRoom = async (): Promise<boolean> => {
    questions += 1;
    return false;
  };
  await disk.cut("a", { hasRoom, take: () => Promise.reject(new Error("taken")) });
  assert.equal(questions, 1);
});

test("blocks of zeros use no space, in the middle and at the end, and are verified like all others", async () => {
  const { root, disk } = makeRoot();
  const block = 4 * 1024 * 1024;
  const bytes = Buffer.concat([Buffer.alloc(2 * block), noise(1_000_000), Buffer.alloc(2 * block)]);
  const parts = [0, block, 2 * block, 2 * block + 1_000_000, 3 * block + 1_000_000].map((start, index) => {
    const slice = bytes.subarray(start, index === 2 ? start + 1_000_000 : start + block);
    return { kind: "bytes", hash: sha256(slice), bytes: slice } as const;
  });
  await disk.create("a", parts, plain);
  assert.ok(readFileSync(join(root, "a")).equals(bytes));
  const { blocks: sectors } = statSync(join(root, "a"));
  assert.ok(sectors * 512 < 2_000_000, `${sectors} sectors`);
  const { blocks } = await disk.cut("a");
  assert.deepEqual(
    blocks.map(({ hash, size }) => ({ hash, size })),
    blocksOf(bytes),
  );
  const last = parts.at(-1);
  assert.ok(last !== undefined);
  const wrong = disk.create("b", [{ ...last, hash: sha256(noise(10)) }], plain);
  await rejects(wrong, "hash_mismatch");
});

test("bytes verified in place are written unchanged, and writing begins before the end", async () => {
  let flushes = 0;
  const startWriting: Native["startWriting"] = (descriptor) => {
    flushes += 1;
    return linux().startWriting(descriptor);
  };
  const { root, disk } = makeRoot({ ...linux(), startWriting });
  const zeros = Buffer.alloc(4 * 1024 * 1024);
  const blocks = [...Array.from({ length: 17 }, (_, seed) => noise(2 * 1024 * 1024, seed)), zeros, noise(10)];
  const parts = blocks.map((block) => {
    const bytes = Uint8Array.from(block);
    return { kind: "bytes", hash: sha256(bytes), bytes, isProved: true, release: () => bytes.fill(0xff) } as const;
  });
  await disk.create("new", parts, plain);
  assert.ok(readFileSync(join(root, "new")).equals(Buffer.concat(blocks)));
  assert.ok(statSync(join(root, "new")).blocks * 512 < 36 * 1024 * 1024, "zeros take room");
  assert.deepEqual([flushes, parts.every(({ bytes }) => bytes[0] === 0xff)], [1, true]);
  const wrong = { ...parts[0]!, hash: sha256(zeros.subarray(1)), isProved: false };
  await rejects(disk.create("broken", [...parts, wrong, ...parts], plain), "hash_mismatch");
  assert.deepEqual(await disk.list(""), ["new"]);
});

test("a file changed while it is cut is reported as changed", async () => {
  const { root, disk } = makeRoot();
  writeFileSync(join(root, "a"), noise(3_000_000));
  const cutting = disk.cut("a");
  truncateSync(join(root, "a"), 100);
  const { before, after: last } = await cutting;
  const now = await disk.stat("a");
  assert.deepEqual(last, now);
  assert.ok(before.fingerprint.sizeBytes === 3_000_000 || before.fingerprint.sizeBytes === 100);
});

test("the umask applies to new files", async () => {
  const { root, disk } = makeRoot();
  const old = process.umask(0o027);
  try {
    await disk.create("a", [], plain);
    await disk.create("b", [], { mtimeNs: undefined, executable: true });
    await disk.mkdir("c");
    await disk.setExecutable("a", true);
  } finally {
    process.umask(old);
  }
  assert.deepEqual(
    ["a", "b", "c"].map((name) => (statSync(join(root, name)).mode & 0o777).toString(8)),
    ["750", "750", "750"],
  );
});

test("times before 1970 and every nanosecond survive", async () => {
  const { disk } = makeRoot();
  for (const mtimeNs of [-1n, -1_500_000_001n, 0n, 1_795_172_933_371_596_185n]) {
    await disk.create("a", [], { mtimeNs, executable: false });
    assert.equal((await disk.stat("a"))?.fingerprint.mtimeNs, mtimeNs);
    await disk.unlink("a");
  }
});

test("without exclusive renames, files and folders are moved without replacing anything", async () => {
  const { root, disk } = makeRoot(without("rename"));
  await disk.create("a", partsOf(noise(10)), plain);
  await disk.create("b", [], plain);
  await disk.mkdir("folder");
  await disk.create("folder/x", [], plain);
  await disk.mkdir("empty");
  await rejects(disk.rename("a", "b"), "exists");
  await rejects(disk.rename("folder", "empty"), "exists");
  await rejects(disk.rename("folder", "b"), "exists");
  await disk.rename("a", "c");
  await disk.rename("folder", "moved");
  assert.deepEqual(readdirSync(root).toSorted(), ["b", "c", "empty", "moved"]);
  assert.equal((await disk.stat("c"))?.links, 1);
  assert.deepEqual(await disk.list("moved"), ["x"]);
  const error = await rejects(disk.exchange("b", "c"), "failed");
  assert.equal(error.body["unsupported"], "exchange");
});

test("no descriptor stays open after any failure", async () => {
  const { disk } = makeRoot();
  const count = (): number => readdirSync("/proc/self/fd").length;
  const before = count();
  for (let turn = 0; turn < 20; turn += 1) {
    await disk.create(`a${turn}`, partsOf(noise(300_000)), plain);
    await rejects(disk.create(`a${turn}`, [], plain), "exists");
    await rejects(disk.rename(`a${turn}`, "absent/x"), "not_found");
    await rejects(disk.cut("absent"), "not_found");
    await rejects(disk.list(`a${turn}`), "not_found");
    await disk.cut(`a${turn}`);
    await disk.syncFile(`a${turn}`);
    await disk.unlink(`a${turn}`);
  }
  assert.ok(count() <= before, `${before} before, ${count()} after`);
});

test("piece tables exist only for files over 64 KiB, and cover their blocks", async () => {
  const { disk } = makeRoot();
  await disk.create("short", partsOf(noise(65_536)), plain);
  await disk.create("long", partsOf(noise(65_537)), plain);
  await disk.create("longer", partsOf(noise(900_000)), plain);
  assert.ok((await disk.cut("short")).blocks.every(({ pieces }) => pieces === undefined));
  for (const each of ["long", "longer"]) {
    for (const { size, pieces } of (await disk.cut(each)).blocks) assert.equal(sumOfPieces(pieces), size);
  }
});

test("a part with a missing source is reported like one with wrong content", async () => {
  const { disk } = makeRoot();
  const [hash] = partsOf(noise(10)).map((part) => part.hash);
  assert.ok(hash !== undefined);
  for (const from of ["absent", ""]) {
    const error = await rejects(
      disk.create("a", [{ kind: "copy", hash, sizeBytes: 10, from, offset: 0 }], plain),
      "hash_mismatch",
    );
    assert.equal(error.body["hash"], hash);
  }
  assert.deepEqual(await disk.list(""), []);
});

function blocksOf(bytes: Uint8Array): { hash: string; size: number }[] {
  return cutBlocks(bytes, true).blocks.map(({ start, end }) => {
    return { hash: sha256(bytes.subarray(start, end)), size: end - start };
  });
}

function sumOfPieces(table: Uint8Array | undefined): number {
  assert.ok(table !== undefined, "there is no table");
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  let sum = 0;
  for (let at = 4; at < table.length; at += 8) sum += view.getUint32(at, true);
  return sum;
}

test("a file that replaces another, or is put beside it, is as private as that one", async () => {
  const { root, disk } = makeRoot();
  const parts = partsOf(Buffer.from("new"));
  const modeOf = (name: string): number => statSync(join(root, name)).mode & 0o777;
  writeFileSync(join(root, "secret"), "old");
  for (const [mode, executable, expected] of [
    [0o600, false, 0o600],
    [0o600, true, 0o700],
    [0o750, false, 0o640],
    [0o750, true, 0o750],
    [0o664, true, 0o775],
  ] as const) {
    chmodSync(join(root, "secret"), mode);
    const name = `${mode} ${executable}`;
    await disk.create(name, parts, { mtimeNs: undefined, executable, attributesFrom: "secret" });
    assert.equal(modeOf(name), expected, name);
  }
  await disk.create("alone", parts, { ...plain, attributesFrom: "absent" });
  await disk.create("plain", parts, plain);
  assert.equal(modeOf("alone"), modeOf("plain"));
});
