import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { crashEveryCall, findUnmissedSyncs } from "@holdfast/disk/crash-every-call";
import type { CrashScenario } from "@holdfast/disk/crash-every-call";
import type { Disk } from "@holdfast/disk/disk";
import { failEveryCall } from "@holdfast/disk/fail-every-call";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { recordCalls } from "@holdfast/tools/system-calls/record-calls";
import { findUndurable } from "@holdfast/tools/system-calls/undurable";
import { openFsStore } from "./fs-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { testStore } from "./store-conformance.ts";

const home = await mkdtemp(join(tmpdir(), "holdfast-store-"));
after(() => rm(home, { recursive: true }));

const nowMs = (): number => 1_700_000_000_000;
const open = (disk: Disk, folder = "/store"): Promise<ObjectStore> =>
  openFsStore({ disk, folder, random: randomBytes, nowMs });

testStore("store in a folder", async () => open(nodeDisk, join(await mkdtemp(join(home, "case-")), "deep", "store")));
testStore("store on the simulated disk", async () => open(new SimulatedDisk()));

const seed = 20_260_102;
const objects = new Map([
  ["packs/aa/1", Buffer.alloc(9000, 1)],
  ["packs/aa/2", Buffer.alloc(5000, 2)],
  ["packs/bb/3", Buffer.alloc(1, 3)],
  ["keyring", Buffer.alloc(4096, 4)],
]);

interface Notes {
  readonly begun: Set<string>;
  readonly acknowledged: Set<string>;
}

const puts: CrashScenario<Notes> = {
  makeNotes: () => ({ begun: new Set(), acknowledged: new Set() }),
  async work(disk, { begun, acknowledged }) {
    const store = await open(disk, "/data/store");
    for (const [key, bytes] of objects) {
      if (acknowledged.has(key)) continue;
      begun.add(key);
      await store.put(key, bytes);
      acknowledged.add(key);
    }
  },
  async check(disk, { begun, acknowledged }) {
    const store = await open(disk, "/data/store");
    const listed = await Array.fromAsync(store.list(""));
    const found = new Set(listed.map(({ key }) => key));
    for (const key of acknowledged) assert.ok(found.has(key), `${key} was acknowledged and is lost`);
    for (const { key, sizeBytes } of listed) {
      assert.ok(begun.has(key), `${key} was never put`);
      assert.equal(sizeBytes, objects.get(key)?.length);
      assert.deepEqual(Buffer.from(await store.get(key)), objects.get(key));
    }
  },
};

test("after any power loss, acknowledged objects exist and all existing ones are complete", async () => {
  assert.ok((await crashEveryCall(puts, { seed })) > 30);
});

test("omitting any of its syncs is detected", async () => {
  assert.deepEqual(await findUnmissedSyncs(puts, { seed, randomOutcomes: 0 }), []);
});

test("on a real disk each put syncs content, then name, before its acknowledgment, according to the system calls", async (t) => {
  const program = fileURLToPath(new URL("testing-durable-store.ts", import.meta.url));
  const folder = await mkdtemp(join(home, "case-"));
  const recording = await recordCalls(t, { command: [process.execPath, program, join(folder, "store")], folder });
  for (const said of ["keyring\n", "packs/aa/1\n", "packs/aa/2\n", "packs/bb/3\n", undefined]) {
    const { atEnd } = findUndurable(recording, said);
    assert.deepEqual(
      atEnd.filter((each) => each !== `name ${recording.folder}/store/tmp`),
      [],
      `before ${said}`,
    );
  }
  assert.deepEqual(findUndurable(recording).namedEarly, []);
});

const overwrites: CrashScenario<{ acknowledged: number }> = {
  makeNotes: () => ({ acknowledged: 0 }),
  prepare: async (disk) => (await open(disk)).put("keyring", Buffer.alloc(5000, 1)),
  async work(disk, notes) {
    const store = await open(disk);
    for (const version of [2, 3]) {
      await store.put("keyring", Buffer.alloc(5000, version));
      notes.acknowledged = version;
    }
  },
  async check(disk, { acknowledged }) {
    const bytes = await (await open(disk)).get("keyring");
    const version = bytes[0] ?? 0;
    assert.ok(version >= Math.max(1, acknowledged));
    assert.deepEqual(Buffer.from(bytes), Buffer.alloc(5000, version));
  },
};

test("an overwritten object is old or new after a power loss, and new once acknowledged", async () => {
  assert.ok((await crashEveryCall(overwrites, { seed })) > 10);
});

test("with any failing call, a put that reports success is durable, and a failed one can be repeated", async () => {
  assert.ok((await failEveryCall(puts, { seed })) > 30);
  assert.ok((await failEveryCall(overwrites, { seed })) > 10);
});

test("concurrent puts of many objects into new shared folders are all durable", async () => {
  const disk = new SimulatedDisk();
  const store = await open(disk);
  const keys = Array.from({ length: 40 }, (_, number) => `packs/${number % 4}/${number}`);
  await Promise.all(keys.map(async (key) => store.put(key, Buffer.from(key))));
  disk.crash(() => 0.99);
  const again = await open(disk);
  for (const key of keys) assert.equal(Buffer.from(await again.get(key)).toString(), key);
});

test("a put with a failed sync is never synced again, leaves nothing, and the next one is durable", async () => {
  let failures = 1;
  const synced: string[] = [];
  const disk = new SimulatedDisk({
    onCall({ name, path }) {
      if (name !== "datasync") return undefined;
      synced.push(path);
      return failures-- > 0 ? "EIO" : undefined;
    },
  });
  const store = await open(disk);
  await assert.rejects(store.put("a", Buffer.alloc(9000, 1)), { code: "unavailable" });
  await store.put("a", Buffer.alloc(9000, 1));
  assert.equal(new Set(synced).size, 2, "each temporary file is synced once");
  disk.crash(() => 0.99);
  assert.deepEqual(Buffer.from(await (await open(disk)).get("a")), Buffer.alloc(9000, 1));
  assert.deepEqual(await Array.fromAsync(disk.list("/store/tmp")), []);
});

test("a full disk gives store_full, keeps existing objects, and works again when there is space", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 65_536 });
  const store = await open(disk);
  await store.put("a", Buffer.alloc(40_000, 1));
  await assert.rejects(store.put("b", Buffer.alloc(40_000, 2)), { code: "store_full" });
  assert.equal((await store.get("a")).length, 40_000);
  assert.equal(await store.stat("b"), undefined);
  await store.put("c", Buffer.alloc(20_000, 3));
  await store.delete("a");
  await store.put("b", Buffer.alloc(40_000, 2));
  assert.equal((await store.get("b")).length, 40_000);
});

test("leftovers of a killed process are removed at open once they are old, and never listed", async () => {
  const disk = new SimulatedDisk({ nowMicros: () => BigInt(nowMs()) * 1000n });
  await (await open(disk)).put("kept", Buffer.of(1));
  const file = await disk.createFile("/store/tmp/left", { mode: 0o600 });
  await file.close();
  const openAt = (atMs: number): Promise<ObjectStore> =>
    openFsStore({ disk, folder: "/store", random: randomBytes, nowMs: () => atMs });
  const early = await openAt(nowMs() + 3500_000);
  assert.deepEqual(await Array.fromAsync(disk.list("/store/tmp")), [{ name: "left", kind: "file" }]);
  assert.deepEqual(
    (await Array.fromAsync(early.list(""))).map(({ key }) => key),
    ["kept"],
  );
  await openAt(nowMs() + 3601_000);
  assert.deepEqual(await Array.fromAsync(disk.list("/store/tmp")), []);
});

test("on an unmounted disk nothing is created, and after mounting earlier objects are back", async () => {
  const disk = new SimulatedDisk();
  await disk.mkdir("/mnt");
  const early = await open(disk, "/mnt");
  assert.equal(await early.stat("keyring"), undefined);
  assert.deepEqual(await Array.fromAsync(early.list("")), []);
  assert.deepEqual(await Array.fromAsync(disk.list("/mnt")), []);

  const store = await open(disk, "/mnt");
  await store.put("packs/aa/1", Buffer.of(1));
  await disk.rename("/mnt", "/unmounted");
  await disk.mkdir("/mnt");
  for (const key of ["packs/aa/2", "packs/bb/3"]) {
    await assert.rejects(store.put(key, Buffer.of(2)), { code: "unavailable", message: /Is its disk mounted/ });
  }
  assert.deepEqual(await Array.fromAsync(disk.list("/mnt")), []);
  await disk.rmdir("/mnt");
  await disk.rename("/unmounted", "/mnt");
  assert.deepEqual(Buffer.from(await store.get("packs/aa/1")), Buffer.of(1));
  await store.put("packs/bb/3", Buffer.of(3));
});

test("a store restored without its empty and newer folders accepts puts again", async () => {
  const disk = new SimulatedDisk();
  const store = await open(disk);
  await store.put("packs/aa/1", Buffer.of(1));
  await disk.rmdir("/store/tmp");
  await disk.unlink("/store/objects/packs/aa/1");
  await disk.rmdir("/store/objects/packs/aa");
  await assert.rejects(store.put("packs/aa/1", Buffer.of(1)), { code: "unavailable" });
  await store.put("packs/aa/1", Buffer.of(1));
});

test("a named store whose folder cannot be created is reported with its name, path and reason", async () => {
  const folder = join(home, "a file");
  await writeFile(folder, "");
  const options = { disk: nodeDisk, folder, random: randomBytes, nowMs };
  const named = await openFsStore({ ...options, called: "The backup folder /mnt/backups" });
  await assert.rejects(named.put("keyring", Buffer.of(1)), {
    code: "unavailable",
    message: /^The backup folder \/mnt\/backups is not available: .*a file\/objects.*\(.*ENOTDIR\)/,
  });
  const store = await openFsStore(options);
  await assert.rejects(store.put("keyring", Buffer.of(1)), {
    code: "unavailable",
    message: "The store is not available: its folder is missing. Is its disk mounted? Try again when it is back.",
  });
});
