import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { keyringKey, writeKeyringObject } from "../../packs/keys/wrapped-keys.ts";
import { refuseMissingDatabase } from "./refuse-new-database.ts";

const dataFolder = mkdtempSync(join(tmpdir(), "holdfast-refuse-new-"));
const keySource = { path: join(dataFolder, "key-encryption-key") };
process.once("exit", () => rmSync(dataFolder, { recursive: true, force: true }));

const emptyStore = () => makeMemoryStore({ nowMs: () => Date.now() });
const check = (...stores: ObjectStore[]) =>
  refuseMissingDatabase({ dataFolder, keySource, stores: storesOf(stores.map((store) => async () => store)) });

function storesOf(opens: readonly (() => Promise<ObjectStore>)[]) {
  return opens.map((open, index) => ({ name: index === 0 ? "the store" : "the second store", open }));
}

async function storeWith(key: string): Promise<ObjectStore> {
  const store = emptyStore();
  await store.put(key, Buffer.of(1));
  return store;
}

test("an empty data folder with empty stores may become a new server", async () => {
  await check(emptyStore());
  await check(emptyStore(), emptyStore());
});

test("a key without its database is rejected with advice for recovering the database", async (t) => {
  writeFileSync(keySource.path, "key");
  t.after(() => rmSync(keySource.path));
  await assert.rejects(check(emptyStore()), {
    code: "failed",
    message: /database \S+\/postgres is missing, but there is the key \S+\/key-encryption-key\. .*admin rebuild/,
  });
});

test("a keyring, packs or metadata without a database are rejected, in either of two stores", async () => {
  const keyring = emptyStore();
  await writeKeyringObject(keyring, [{ epoch: 1, wrapped: Buffer.alloc(61), createdAt: 1 }]);
  const cases = [
    [keyring, "a keyring"],
    [await storeWith("packs/00/x"), "stored data"],
    [
      await storeWith("metadata/backups/20270131t090000000z-00000000"),
      "the metadata of a server, from 2027-01-31T09:00",
    ],
  ] as const;
  for (const [store, trace] of cases) {
    await assert.rejects(check(store), new RegExp(`there is ${trace}.* in the store`));
    await assert.rejects(check(emptyStore(), store), new RegExp(`there is ${trace}.* in the second store`));
  }
});

test("an empty keyring, which marks an abandoned store, does not count as a server", async () => {
  const store = emptyStore();
  await writeKeyringObject(store, []);
  await check(store);
});

test("a damaged keyring and an unavailable store are rejected, also with a second store", async () => {
  await assert.rejects(check(await storeWith(keyringKey)), { code: "damaged" });
  const away = async (): Promise<ObjectStore> => {
    throw new HoldfastError("unavailable", "away");
  };
  for (const stores of [[away], [away, async () => emptyStore()], [async () => emptyStore(), away]])
    await assert.rejects(refuseMissingDatabase({ dataFolder, keySource, stores: storesOf(stores) }), {
      code: "unavailable",
    });
});
