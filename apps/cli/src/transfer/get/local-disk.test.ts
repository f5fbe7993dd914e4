import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { testDisk } from "@holdfast/disk/disk-conformance";
import { requireComponent } from "@holdfast/tools/components";
import { testDiskDurability } from "@holdfast/disk/disk-durability-conformance";
import { replacedMode } from "./get-plan.ts";
import { blockingDisk } from "./testing-local-disk.ts";
import { assertReplaceable, writeFiles } from "./write-files.ts";

const home = await mkdtemp(join(tmpdir(), "holdfast-local-"));
after(() => rm(home, { recursive: true }));

const makeFolder = (): Promise<string> => mkdtemp(join(home, "case-"));
testDisk("blocking disk", blockingDisk, makeFolder);
const module = new URL("testing-local-disk.ts", import.meta.url);
testDiskDurability("blocking disk", { module, exported: "blockingDisk" }, makeFolder);

test("attributes are set to the microsecond, and not through a link", async () => {
  const path = join(home, "file");
  await (await blockingDisk.createFile(path, { mode: 0o600 })).close();
  await blockingDisk.setAttributes(path, { mtimeMicros: 981_173_106_123_457n, mode: 0o750 });
  const { mtimeMicros, mode } = await blockingDisk.stat(path);
  assert.deepEqual({ mtimeMicros, mode }, { mtimeMicros: 981_173_106_123_457n, mode: 0o750 });
  await blockingDisk.symlink(path, join(home, "link"));
  await assert.rejects(blockingDisk.setAttributes(join(home, "link"), { mtimeMicros: 0n, mode: 0o777 }), {
    code: "failed",
  });
  assert.equal((await blockingDisk.stat(path)).mode, 0o750);
});

test("a file that a program has open for writing is recognized, and not replaced", async () => {
  const path = join(home, "log");
  await writeFile(path, "one");
  const { kind, inode, sizeBytes, mtimeMicros } = await blockingDisk.stat(path);
  const reader = await open(path, "r");
  const isSupported = (await blockingDisk.hasWriters(path)) === false;
  const writer = await open(path, "a");
  const expected = { kind, inode, sizeBytes, mtimeMicros };
  if (isSupported) {
    assert.equal(await blockingDisk.hasWriters(path), true);
    await assert.rejects(assertReplaceable(blockingDisk, path, expected), {
      code: "conflict",
      message: /^is open for writing in another program, so it was kept\./,
      body: { reason: "changed_here" },
    });
  }
  await writer.close();
  await assertReplaceable(blockingDisk, path, expected);
  await reader.close();
  assert.ok(isSupported || process.platform !== "linux");
});

test("a replaced file keeps its ACL and attributes, and its group gains no right", async (t) => {
  for (const program of ["setfacl", "getfacl", "setfattr", "getfattr"]) if (!requireComponent(t, program)) return;
  const run = (program: string, ...words: string[]) => execFileSync(program, words, { encoding: "utf8" });
  const path = join(home, "shared");
  await writeFile(path, "old");
  await chmod(path, 0o640);
  try {
    run("setfacl", "--modify", "user:1234:rw", path);
    run("setfattr", "--name", "user.tags", "--value", "red", path);
  } catch {
    return t.skip("the filesystem has no ACLs or no attributes of users");
  }
  const rightsOf = () => run("getfacl", "--absolute-names", path) + run("getfattr", "--dump", "--absolute-names", path);
  const before = rightsOf();
  const file = { path, temporary: join(home, "part"), mtimeMicros: 0n, blocks: ["hash"] };
  const plain = new Map([["hash", Buffer.from("new")]]);
  const bits = replacedMode((await blockingDisk.stat(path)).mode, false);
  const [outcome] = await writeFiles(blockingDisk, [{ ...file, mode: { bits, exact: true } }], [], plain);
  assert.deepEqual(outcome, { ok: true });
  assert.equal(await readFile(path, "utf8"), "new");
  assert.equal(rightsOf(), before);
  await rm(path);
  await writeFiles(blockingDisk, [{ ...file, mode: { bits: 0o640, exact: true } }], [], plain);
  assert.equal((await blockingDisk.stat(path)).mode, 0o640, "a file that is gone meanwhile gives nothing but its mode");
});
