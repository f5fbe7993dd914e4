import assert from "node:assert/strict";
import { test } from "node:test";
import { crashEveryCall, findUnmissedSyncs } from "./crash-every-call.ts";
import type { CrashScenario } from "./crash-every-call.ts";
import type { Disk } from "./disk.ts";
import { isNotFound } from "./disk-error.ts";
import { failEveryCall } from "./fail-every-call.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { ensureFolderDurably, writeFileDurably } from "./write-durably.ts";

const seed = 20_260_101;
const folder = "/data/keys/deep";
const path = `${folder}/key`;
const content = (version: number): Uint8Array => Buffer.alloc(9000, version);

interface Notes {
  begun: number;
  acknowledged: number;
}

const keyFile: CrashScenario<Notes> = {
  makeNotes: () => ({ begun: 0, acknowledged: 0 }),
  prepare: (disk) => disk.mkdir("/data"),
  async work(disk, notes) {
    await ensureFolderDurably(disk, folder);
    for (let version = notes.acknowledged + 1; version <= 3; version += 1) {
      notes.begun = version;
      await writeFileDurably(disk, path, content(version), { mode: 0o600, random: countingRandom() });
      notes.acknowledged = version;
    }
  },
  async check(disk, { begun, acknowledged }) {
    const bytes = await readIfThere(disk, path);
    const version = bytes?.[0] ?? 0;
    assert.ok(version >= acknowledged && version <= begun, `version ${version}, acknowledged ${acknowledged}`);
    if (bytes !== undefined) assert.deepEqual(Buffer.from(bytes), content(version));
  },
};

let drawn = 0;
function countingRandom(): (sizeBytes: number) => Uint8Array {
  return (sizeBytes) => {
    const bytes = Buffer.alloc(sizeBytes);
    bytes.writeUInt32BE((drawn += 1));
    return bytes;
  };
}

async function readIfThere(disk: Disk, file: string): Promise<Uint8Array | undefined> {
  try {
    return await disk.readFile(file);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

test("a file written durably is old or new, and complete, after any power loss", async () => {
  assert.ok((await crashEveryCall(keyFile, { seed })) > 15);
});

test("with any failing call, a reported write is durable, and a failed one can be repeated", async () => {
  assert.ok((await failEveryCall(keyFile, { seed })) > 15);
});

test("omitting any of its syncs is detected", async () => {
  assert.deepEqual(await findUnmissedSyncs(keyFile, { seed, randomOutcomes: 1 }), []);
});

test("an unnecessary sync is detected", async () => {
  const wasteful: CrashScenario<Notes> = {
    ...keyFile,
    async work(disk, notes) {
      await keyFile.work(disk, notes);
      await disk.syncFolder(folder);
    },
  };
  assert.deepEqual(await findUnmissedSyncs(wasteful, { seed, randomOutcomes: 1 }), [`9: syncFolder ${folder}`]);
});

test("a failed sync, write or rename leaves the old file and no temporary one, and nothing is synced twice", async () => {
  for (const failing of ["write", "datasync", "rename"] as const) {
    let armed = false;
    let datasyncs = 0;
    const disk = new SimulatedDisk({
      onCall({ name }) {
        if (armed && name === "datasync") datasyncs += 1;
        return armed && name === failing ? "EIO" : undefined;
      },
    });
    await writeFileDurably(disk, "/key", content(1), { mode: 0o600, random: countingRandom() });
    armed = true;
    const written = writeFileDurably(disk, "/key", content(2), { mode: 0o600, random: countingRandom() });
    await assert.rejects(written, { code: "unavailable" });
    assert.ok(datasyncs <= 1);
    assert.deepEqual(await Array.fromAsync(disk.list("/")), [{ name: "key", kind: "file" }]);
    assert.equal((await disk.readFile("/key"))[0], 1);
  }
});
