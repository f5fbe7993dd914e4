import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";
import { blockingFolder } from "./account.ts";
import { findBinaries } from "./binaries.ts";

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Creates the files that npm unpacks when it does not run the package's install script. */
function unpack(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-binaries-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const nativeFolder = join(folder, "package", "native");
  const dataFolder = join(folder, "data");
  for (const each of ["bin", "lib", "share"]) mkdirSync(join(nativeFolder, each), { recursive: true });
  mkdirSync(dataFolder);
  writeFileSync(join(nativeFolder, "bin", "postgres"), "program", { mode: 0o755 });
  writeFileSync(join(nativeFolder, "lib", "libpq.so.5.18"), "library");
  const links = [{ source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" }];
  writeFileSync(join(nativeFolder, "pg-symlinks.json"), JSON.stringify(links));
  return { dataFolder, native: { nativeFolder, version: "18.4" } };
}

test("short library names that npm did not create are created once", async (t) => {
  const { dataFolder, native } = unpack(t);
  for (let start = 0; start < 2; start++) {
    const { postgres } = await findBinaries(dataFolder, undefined, silentLog, native);
    assert.equal(postgres, join(native.nativeFolder, "bin", "postgres"));
    assert.equal(readlinkSync(join(native.nativeFolder, "lib", "libpq.so.5")), "libpq.so.5.18");
  }
});

test("programs that the database's user cannot reach are copied to a reachable place, once and complete", async (t) => {
  const { dataFolder, native } = unpack(t);
  chmodSync(dirname(native.nativeFolder), 0o700);
  const account = { uid: 65_533, gid: 65_533 };
  // Left by a killed server during an earlier copy.
  mkdirSync(join(dataFolder, "postgres-binaries-18.4.new", "bin"), { recursive: true });
  const { postgres } = await findBinaries(dataFolder, account, silentLog, native);
  assert.equal(postgres, join(dataFolder, "postgres-binaries-18.4", "bin", "postgres"));
  assert.equal(statSync(postgres).mode & 0o777, 0o755);
  assert.equal(blockingFolder(postgres, account), undefined);
  assert.equal(readFileSync(join(dirname(postgres), "..", "lib", "libpq.so.5"), "utf8"), "library");
  writeFileSync(postgres, "kept");
  assert.equal((await findBinaries(dataFolder, account, silentLog, native)).postgres, postgres);
  assert.equal(readFileSync(postgres, "utf8"), "kept");
});

test("a copy of the programs is durable before it is used (recorded system calls)", async (t) => {
  const { dataFolder, native } = unpack(t);
  chmodSync(dirname(native.nativeFolder), 0o700);
  const program = fileURLToPath(new URL("testing-copy-binaries.ts", import.meta.url));
  const command = [process.execPath, program, dataFolder, native.nativeFolder] as const;
  const recording = await recordCalls(t, { command, folder: dataFolder });
  assert.deepEqual(findUndurable(recording), { atEnd: [], namedEarly: [] });
});
