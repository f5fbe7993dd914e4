import assert from "node:assert/strict";
import { test } from "node:test";
import { testDisk } from "./disk-conformance.ts";
import { seededRandom } from "./seeded-random.ts";
import { SimulatedCrash, SimulatedDisk } from "./simulated-disk.ts";
import type { SimulatedDiskOptions } from "./simulated-disk.ts";

const keepAll = (): number => 0;
const loseAll = (): number => 0.99;
const path = "/a";
const bytes = (content: string): Uint8Array => Buffer.from(content);

const shared = new SimulatedDisk();
let folders = 0;
testDisk("simulated disk", shared, async () => {
  folders += 1;
  await shared.mkdir(`/case-${folders}`);
  return `/case-${folders}`;
});

async function names(disk: SimulatedDisk, folder: string): Promise<string> {
  const entries = await Array.fromAsync(disk.list(folder));
  return entries
    .map(({ name }) => name)
    .toSorted()
    .join(" ");
}

async function outcomes(work: (disk: SimulatedDisk) => Promise<void>, look: (disk: SimulatedDisk) => Promise<string>) {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed += 1) {
    const disk = new SimulatedDisk();
    await work(disk);
    disk.crash(seededRandom(seed));
    seen.add(await look(disk));
  }
  return [...seen].toSorted();
}

async function put(disk: SimulatedDisk, file: string, content: string, synced: boolean): Promise<void> {
  const handle = await disk.createFile(file, { mode: 0o600 });
  await handle.write(bytes(content));
  if (synced) await handle.datasync();
  await handle.close();
}

test("a file without a synced name, and a name without synced content, may be lost", async () => {
  const look = async (disk: SimulatedDisk): Promise<string> => {
    return (await names(disk, "/")) === "" ? "gone" : `[${Buffer.from(await disk.readFile(path)).toString()}]`;
  };
  assert.deepEqual(await outcomes((disk) => put(disk, path, "x", true), look), ["[x]", "gone"]);
  const named = await outcomes(async (disk) => {
    await put(disk, path, "x", false);
    await disk.syncFolder("/");
  }, look);
  assert.deepEqual(named, ["[\0]", "[]", "[x]"]);
  const both = await outcomes(async (disk) => {
    await put(disk, path, "x", true);
    await disk.syncFolder("/");
  }, look);
  assert.deepEqual(both, ["[x]"]);
});

test("an unsynced overwrite leaves any mixture of pages", async () => {
  const look = async (disk: SimulatedDisk): Promise<string> => {
    const content = await disk.readFile(path);
    return [0, 4096, 8192].map((start) => String.fromCharCode(content[start] ?? 0)).join("");
  };
  const seen = await outcomes(async (disk) => {
    const file = await disk.createFile(path, { mode: 0o600 });
    await disk.syncFolder("/");
    await file.write(Buffer.alloc(8192, "o"));
    await file.datasync();
    await file.write(Buffer.alloc(12_288, "n"), 0);
  }, look);
  assert.deepEqual(seen, ["nn\0", "nnn", "no\0", "non", "on\0", "onn", "oo\0", "oon"]);
});

test("an unsynced rename is kept or lost as a whole", async () => {
  const seen = await outcomes(
    async (disk) => {
      await put(disk, path, "x", true);
      await disk.syncFolder("/");
      await disk.rename(path, "/b");
    },
    (disk) => names(disk, "/"),
  );
  assert.deepEqual(seen, ["a", "b"]);
});

test("between folders the sync of the new name's folder counts, and the old name may remain", async () => {
  const work =
    (synced: string) =>
    async (disk: SimulatedDisk): Promise<void> => {
      for (const folder of ["/from", "/to"]) await disk.mkdir(folder);
      await put(disk, "/from/a", "x", true);
      disk.syncAll();
      await disk.rename("/from/a", "/to/a");
      await disk.syncFolder(synced);
    };
  const look = async (disk: SimulatedDisk): Promise<string> =>
    `${await names(disk, "/from")}>${await names(disk, "/to")}`;
  assert.deepEqual(await outcomes(work("/to"), look), [">a", "a>a"]);
  assert.deepEqual(await outcomes(work("/from"), look), [">a", "a>"]);
});

test("a renamed file is not lost when its old name is reused and that folder is synced", async () => {
  const seen = await outcomes(
    async (disk) => {
      for (const folder of ["/from", "/to"]) await disk.mkdir(folder);
      await put(disk, "/from/a", "x", true);
      disk.syncAll();
      await disk.rename("/from/a", "/to/b");
      await put(disk, "/from/a", "y", true);
      await disk.syncFolder("/from");
    },
    async (disk) => `${await names(disk, "/from")}>${await names(disk, "/to")}`,
  );
  assert.deepEqual(seen, ["a>b"]);
});

test("a folder whose own name was not synced loses its synced contents with it", async () => {
  const seen = await outcomes(
    async (disk) => {
      await disk.mkdir("/folder");
      await put(disk, "/folder/a", "x", true);
      await disk.syncFolder("/folder");
    },
    async (disk) => ((await names(disk, "/")) === "" ? "gone" : names(disk, "/folder")),
  );
  assert.deepEqual(seen, ["a", "gone"]);
});

test("a name removed without a sync may reappear with its file", async () => {
  const disk = new SimulatedDisk();
  await put(disk, path, "x", true);
  await disk.syncFolder("/");
  await disk.unlink(path);
  disk.crash(loseAll);
  assert.equal(Buffer.from(await disk.readFile(path)).toString(), "x");
  await disk.unlink(path);
  disk.crash(keepAll);
  assert.equal(await names(disk, "/"), "");
});

test("times and mode are durable after sync and not after datasync", async () => {
  for (const [synced, expected] of [
    ["sync", 5n],
    ["datasync", 1n],
  ] as const) {
    const disk = new SimulatedDisk({ nowMicros: () => 1n });
    const file = await disk.createFile(path, { mode: 0o600 });
    await disk.syncFolder("/");
    await file.sync();
    await file.setTimes(5n);
    await file[synced]();
    disk.crash(loseAll);
    assert.equal((await disk.stat(path)).mtimeMicros, expected, synced);
  }
});

test("after a failed sync a second one succeeds and makes nothing durable", async () => {
  let failing = true;
  const onCall: SimulatedDiskOptions["onCall"] = ({ name }) => (name === "datasync" && failing ? "EIO" : undefined);
  const disk = new SimulatedDisk({ onCall });
  const file = await disk.createFile(path, { mode: 0o600 });
  await disk.syncFolder("/");
  await file.write(bytes("x"));
  await assert.rejects(file.datasync(), { code: "unavailable" });
  failing = false;
  await file.datasync();
  disk.crash(loseAll);
  assert.deepEqual([...(await disk.readFile(path))], [0]);
});

test("power fails after the named call, which takes effect without returning", async () => {
  const disk = new SimulatedDisk();
  disk.crashAfterCall = 2;
  const file = await disk.createFile(path, { mode: 0o600 });
  await assert.rejects(file.write(bytes("x")), SimulatedCrash);
  await assert.rejects(disk.stat(path), SimulatedCrash);
  disk.crash(keepAll);
  assert.equal(Buffer.from(await disk.readFile(path)).toString(), "x");
  await assert.rejects(file.write(bytes("y")), SimulatedCrash);
});

test("a full disk accepts what fits, reports store_full, and accepts more once a file is gone", async () => {
  const disk = new SimulatedDisk({ capacityBytes: 8192 });
  await put(disk, path, "x", true);
  const file = await disk.createFile("/b", { mode: 0o600 });
  await assert.rejects(file.write(Buffer.alloc(5000, "y")), { code: "store_full" });
  assert.equal((await disk.stat("/b")).sizeBytes, 4096);
  await disk.unlink(path);
  await file.write(Buffer.alloc(5000, "y"));
  assert.equal((await disk.stat("/b")).sizeBytes, 5000);
});
