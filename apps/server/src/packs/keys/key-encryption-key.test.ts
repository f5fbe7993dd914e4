import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { crashEveryCall, findUnmissedSyncs } from "@holdfast/disk/crash-every-call";
import type { CrashScenario } from "@holdfast/disk/crash-every-call";
import { failEveryCall } from "@holdfast/disk/fail-every-call";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { openFsStore } from "@holdfast/object-store/fs-store";
import { createKeyEncryptionKey, loadKeyEncryptionKey } from "./key-encryption-key.ts";
import { keyringKey } from "./wrapped-keys.ts";

test("an invalid key is rejected by its name", async () => {
  const disk = new SimulatedDisk();
  const source = { disk, path: "/key", variable: undefined };
  await assert.rejects(loadKeyEncryptionKey({ ...source, variable: "c2hvcnQ=" }), {
    code: "failed",
    message: /HOLDFAST_KEY_ENCRYPTION_KEY/,
  });
  const file = await disk.createFile("/key", { mode: 0o600 });
  await assert.rejects(loadKeyEncryptionKey(source), { code: "failed", message: /\/key/ });
  await file.write(randomBytes(1000));
  await assert.rejects(loadKeyEncryptionKey(source), { code: "failed", message: /\/key/ });
});

const firstStart: CrashScenario<{ keys: Buffer[] }> = {
  makeNotes: () => ({ keys: [] }),
  prepare: (disk) => disk.mkdir("/data"),
  async work(disk, notes) {
    const source = { disk, path: "/data/key", variable: undefined };
    const key = (await loadKeyEncryptionKey(source)) ?? (await createKeyEncryptionKey(source, randomBytes));
    notes.keys.push(Buffer.from(key));
    const files = await openFsStore({ disk, folder: "/data/store", random: randomBytes, nowMs: () => 0 });
    await files.put(keyringKey, key);
    notes.keys.push(Buffer.from(await files.get(keyringKey)));
  },
  async check(disk, notes) {
    const [first] = notes.keys;
    const key = await loadKeyEncryptionKey({ disk, path: "/data/key", variable: undefined });
    for (const used of notes.keys) assert.deepEqual(used, first, "one key from the beginning");
    if (first !== undefined) assert.deepEqual(Buffer.from(key ?? []), first);
    if (notes.keys.length < 2) return;
    const files = await openFsStore({ disk, folder: "/data/store", random: randomBytes, nowMs: () => 0 });
    assert.deepEqual(Buffer.from(await files.get(keyringKey)), first);
  },
};

test("a key file and keyring in use survive a power cut after any call", async () => {
  assert.ok((await crashEveryCall(firstStart, { seed: 11, randomOutcomes: 1 })) > 10);
});

test("a key file and keyring in use are durable whichever call fails, and the next start succeeds", async () => {
  assert.ok((await failEveryCall(firstStart, { seed: 13 })) > 10);
});

test("omitting any sync of the key file is detected", async () => {
  const unmissed = await findUnmissedSyncs(firstStart, { seed: 12, randomOutcomes: 1 });
  assert.deepEqual(
    unmissed.filter((each) => each.includes("/data/key")),
    [],
  );
});
