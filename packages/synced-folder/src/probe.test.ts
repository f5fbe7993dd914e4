import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startCodecPool } from "@holdfast/codec/pool";
import { noise, partsOf, rejects } from "@holdfast/sync-ports/local-disk-conformance";
import { sha256 } from "@holdfast/core/hash";
import { makeTestFolder } from "@holdfast/tools/test-folder";
import type { CutBlock, Part } from "@holdfast/sync-ports/ports";
import { openSyncedFolder } from "./open-synced-folder.ts";
import { probeFolder } from "./probe-folder.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-probe-"));
const pool = startCodecPool({ threads: 1 });
after(async () => {
  await pool.close();
  rmSync(home, { recursive: true });
});

const linuxAbilities = {
  foldsCase: false,
  foldsNormalForms: false,
  keepsNames: true,
  allNames: true,
  executableBit: true,
  privateModes: true,
  openModes: true,
  symbolicLinks: true,
  hardLinks: true,
  exchange: true,
  exclusiveRename: true,
  timestampGrainNs: 1n,
  stableInodes: true,
};
/** On a disk, because the run's temporary folder may be in memory. */
const onDisk = "/var/tmp";
const ext4Type = 0xef53;
const plain = { mtimeNs: undefined, executable: false } as const;
const xfs: Mounting = { make: ["mkfs.xfs", "-q"], sizeBytes: 320 * 1024 * 1024, mountOptions: "loop" };

test(
  "ext4 has all features except reflinks, and the probe leaves nothing",
  { skip: skipUnlessType(onDisk, ext4Type) },
  () => {
    const root = makeTestFolder(onDisk);
    try {
      assert.deepEqual(probeFolder(root), { ...linuxAbilities, reflink: false });
      assert.deepEqual(readdirSync(join(root, ".holdfast")), []);
    } finally {
      rmSync(root, { recursive: true });
    }
  },
);

test("tmpfs has all features except reflinks", { skip: skipUnlessType("/dev/shm", 0x01021994) }, () => {
  const root = makeTestFolder("/dev/shm");
  try {
    assert.deepEqual(probeFolder(root), { ...linuxAbilities, reflink: false });
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("XFS has reflinks, and a full one keeps nothing of an unfinished file", { skip: skipUnlessXfs() }, async () => {
  await withMounted(xfs, async (root) => {
    assert.deepEqual(probeFolder(root), { ...linuxAbilities, reflink: true });
    const disk = openSyncedFolder(root, { pool });
    const { bavail, bsize } = statfsSync(root);
    execFileSync("fallocate", ["-l", String(bavail * bsize - 20_000_000), join(root, "filler")]);
    const full = disk.create("full", partsOf(Buffer.concat(Array.from({ length: 9 }, () => noise(4_000_000)))), plain);
    assert.match((await rejects(full, "store_full")).message, /full.*Free some space/);
    assert.equal(await disk.stat("full"), undefined);
  });
});

test(
  "a copy and a partial change share unchanged data with the source on disks with reflinks, and are verified",
  { skip: skipUnlessXfs() },
  async () => {
    await withMounted(xfs, async (root) => {
      const disk = openSyncedFolder(root, { pool });
      const blocks = Array.from({ length: 12 }, (_, seed) => noise(4_000_000 - seed, seed));
      const bytes = Buffer.concat(blocks);
      writeFileSync(join(root, "old"), bytes);
      const { blocks: cut } = await disk.cut("old");
      const copies = copiesOf("old", cut);
      const usedBytes = (): number => {
        execFileSync("sync", ["-f", root]);
        const { blocks: all, bfree, bsize } = statfsSync(root);
        return (all - bfree) * bsize;
      };
      const before = usedBytes();
      await disk.create("copy", copies, { ...plain, shares: "old" });
      assert.ok(readFileSync(join(root, "copy")).equals(bytes));
      assert.ok(usedBytes() - before < 4_000_000, `${usedBytes() - before} bytes`);

      // Other data in the middle, zeros at other positions, and an earlier end.
      const fresh = noise(copies[3]?.sizeBytes ?? 0, 99);
      const zeros = Buffer.alloc(4 * 1024 * 1024);
      const proved = (each: Buffer): Part => ({ kind: "bytes", hash: sha256(each), bytes: each, isProved: true });
      const parts: Part[] = [...copies.slice(0, 3), proved(fresh), ...copies.slice(4, 8), proved(zeros)];
      const places = copies.map(({ offset, sizeBytes: length }) => bytes.subarray(offset, offset + length));
      const expected = [...places.slice(0, 3), fresh, ...places.slice(4, 8), zeros];
      await disk.create("edited", parts, { ...plain, shares: "old" });
      assert.ok(readFileSync(join(root, "edited")).equals(Buffer.concat(expected)));

      const [first] = copies;
      writeFileSync(join(root, "old"), bytes.fill(1, 10, 20));
      const error = await rejects(disk.create("wrong", copies, { ...plain, shares: "old" }), "hash_mismatch");
      assert.deepEqual([error.body["hash"], await disk.stat("wrong")], [first?.hash, undefined]);
      // A missing file causes no failure if nothing is copied from it.
      await disk.create("alone", [proved(fresh)], { ...plain, shares: "absent" });
      assert.ok(readFileSync(join(root, "alone")).equals(fresh));
    });
  },
);

test(
  "exFAT folds case, and lacks only features that a sync does not require",
  { skip: skipUnlessExfat() },
  async () => {
    const mounting = {
      make: ["mkfs.exfat"] as const,
      sizeBytes: 16 * 1024 * 1024,
      mountOptions: "loop",
      type: "exfat-fuse",
    };
    await withMounted(mounting, async (root) => {
      const { timestampGrainNs, allNames, ...abilities } = probeFolder(root);
      assert.deepEqual(abilities, {
        ...Object.fromEntries(Object.keys(abilities).map((ability) => [ability, false])),
        foldsCase: true,
        keepsNames: true,
        openModes: true,
      });
      assert.deepEqual([timestampGrainNs >= 10_000_000n, allNames], [true, false]);
      const disk = openSyncedFolder(root, { pool });
      await disk.create("a", partsOf(noise(10)), plain);
      await disk.create("b", partsOf(noise(20)), plain);
      await rejects(disk.rename("a", "B"), "exists");
      await disk.rename("a", "A");
      assert.deepEqual([...(await disk.list(""))].filter((name) => name !== ".holdfast").toSorted(), ["A", "b"]);
      const inode = (await disk.stat("b"))?.fingerprint.inode ?? 0n;
      assert.equal(await disk.supersede("A", "b", inode + 1n), false);
      assert.equal(await disk.supersede("A", "b", inode), true);
      assert.equal((await disk.stat("b"))?.fingerprint.sizeBytes, 10);
    });
  },
);

test(
  "a folder that accepts no files is reported as such",
  { skip: process.getuid?.() === 0 && "root may write everywhere" },
  () => {
    assert.throws(() => probeFolder("/"), /Could not probe the filesystem of \/ \(EACCES\)/);
  },
);

function skipUnlessType(path: string, type: number): string | false {
  return existsSync(path) && statfsSync(path).type === type ? false : `${path} is another filesystem`;
}

function skipUnlessXfs(): string | false {
  if (!readFileSync("/proc/filesystems", "utf8").includes("xfs")) return "this kernel has no XFS";
  if (process.getuid?.() !== 0) return "only root can mount";
  return !isInstalled("mkfs.xfs") && "mkfs.xfs is not installed";
}

function skipUnlessExfat(): string | false {
  if (!existsSync("/dev/fuse") || process.getuid?.() !== 0) return "nothing can be mounted through FUSE";
  const missing = ["mkfs.exfat", "mount.exfat-fuse"].find((program) => !isInstalled(program));
  return missing !== undefined && `${missing} is not installed`;
}

function isInstalled(program: string): boolean {
  return ["/usr/sbin", "/sbin", "/usr/bin"].some((folder) => existsSync(join(folder, program)));
}

function copiesOf(from: string, blocks: readonly CutBlock[]): (Part & { readonly kind: "copy" })[] {
  let offset = 0;
  return blocks.map(({ hash, size }) => {
    offset += size;
    return { kind: "copy", hash, sizeBytes: size, from, offset: offset - size };
  });
}

interface Mounting {
  readonly make: readonly [string, ...string[]];
  readonly sizeBytes: number;
  readonly mountOptions: string;
  readonly type?: string;
}

/** Mounts a filesystem in a file. */
async function withMounted(
  { make, sizeBytes, mountOptions, type }: Mounting,
  use: (mount: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(home, "mount-"));
  const [image, mount] = [join(folder, "image"), join(folder, "mounted")];
  mkdirSync(mount);
  writeFileSync(image, "");
  truncateSync(image, sizeBytes);
  const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const [program, ...options] = make;
  execFileSync(program, [...options, image], { env, stdio: "pipe" });
  const types = type === undefined ? [] : ["-t", type];
  execFileSync("mount", [...types, "-o", mountOptions, image, mount], { env, stdio: "pipe" });
  try {
    await use(mount);
  } finally {
    execFileSync("umount", [mount], { env, stdio: "pipe" });
  }
}
