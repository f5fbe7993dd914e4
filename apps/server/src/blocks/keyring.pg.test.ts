import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { crashEveryCall, findUnmissedSyncs } from "@holdfast/disk/crash-every-call";
import type { CrashScenario } from "@holdfast/disk/crash-every-call";
import { failEveryCall } from "@holdfast/disk/fail-every-call";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { openFsStore } from "@holdfast/object-store/fs-store";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withFaults } from "@holdfast/object-store/with-faults";
import { sql } from "kysely";
import { startTestDatabases } from "../db/testing.ts";
import type { TestDatabases } from "../db/testing.ts";
import { openBlockCells } from "./block-cell.ts";
import { createKeyEncryptionKey, loadKeyEncryptionKey } from "./key-encryption-key.ts";
import { openKeyring } from "./keyring.ts";
import type { Keyring } from "./keyring.ts";
import { makeTestClock, silentBlockLog } from "./testing.ts";
import { keyringKey, readKeyringObject } from "./wrapped-keys.ts";

let databases: TestDatabases;
let store: ObjectStore;
let clock: ReturnType<typeof makeTestClock>;
const keyEncryptionKey = randomBytes(32);
const ninetyDaysMs = 90 * 24 * 3600_000;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());
beforeEach(async () => {
  store = makeMemoryStore({ nowMs: () => Date.now() });
  clock = makeTestClock();
  await sql`truncate cell.data_keys, cell.packs, cell.facts`.execute(db());
});

test("a key is durable in the store and in the database before it is used, and a new one comes after 90 days", async () => {
  const ring = await open();
  const first = await ring.current();
  assert.deepEqual(await epochs(), { rows: [1], objects: [1] });
  clock.forwardMs(ninetyDaysMs);
  const second = await ring.current();
  assert.equal(second.epoch, 2);
  assert.deepEqual(await epochs(), { rows: [1, 2], objects: [1, 2] });
  assert.notDeepEqual(second.key, first.key);
  assert.deepEqual((await (await open()).keyOf(1)).key, first.key);
});

test("two instances that start at once make one key, and each learns what the other makes later", async () => {
  const [one, other] = await Promise.all([open(), open()]);
  assert.deepEqual((await one.current()).key, (await other.current()).key);
  clock.forwardMs(ninetyDaysMs);
  const { epoch, key } = await one.current();
  assert.deepEqual((await other.keyOf(epoch)).key, key);
});

test("another key-encryption key opens nothing and changes nothing", async () => {
  await open();
  const kept = Buffer.from(await store.get(keyringKey));
  await assert.rejects(open({ keyEncryptionKey: randomBytes(32) }), {
    code: "failed",
    message: /does not open the data key/,
  });
  assert.ok(kept.equals(await store.get(keyringKey)));
});

test("a database without keys takes over those of the store, and asks for a rebuild where there are packs", async () => {
  const { key } = await (await open()).current();
  await sql`truncate cell.data_keys cascade`.execute(db());
  assert.deepEqual((await (await open()).current()).key, key);
  assert.equal((await sql`select from cell.facts`.execute(db())).rows.length, 0);
  await sql`truncate cell.data_keys cascade`.execute(db());
  await store.put("packs/00/x", Buffer.of(1));
  assert.deepEqual((await (await open()).current()).key, key);
  assert.equal((await sql`select from cell.facts`.execute(db())).rows.length, 1);
});

test("a store without the keyring gets it again from the database", async () => {
  await open();
  await store.delete(keyringKey);
  await open();
  assert.deepEqual(await epochs(), { rows: [1], objects: [1] });
});

test("the store of another installation is refused", async () => {
  await open();
  const otherStore = makeMemoryStore({ nowMs: () => Date.now() });
  const kept = await sql<{ wrapped: Buffer }>`delete from cell.data_keys returning wrapped`.execute(db());
  await open({ store: otherStore });
  await sql`update cell.data_keys set wrapped = ${kept.rows[0]?.wrapped}`.execute(db());
  await assert.rejects(open({ store: otherStore }), { code: "failed", message: /two installations/ });
});

test("a keyring object that is none is called damaged, and the server does not start over it", async () => {
  for (const bytes of [
    "",
    "{}",
    '{"format":"holdfast keyring 2","keys":[]}',
    "[".repeat(5000),
    '{"format":"holdfast keyring 1","keys":[{"epoch":0}]}',
  ]) {
    await store.put(keyringKey, Buffer.from(bytes));
    await assert.rejects(open(), { code: "damaged" }, bytes.slice(0, 50));
  }
});

test("rewrapping changes the key-encryption key and no data key", async () => {
  const ring = await open();
  const { key } = await ring.current();
  const secret = await ring.wrapSecret("signing key", Buffer.from("secret"));
  const next = randomBytes(32);
  await ring.rewrap(next);
  await assert.rejects(open(), { code: "failed" });
  const rotated = await open({ keyEncryptionKey: next });
  assert.deepEqual((await rotated.current()).key, key);
  assert.equal(Buffer.from(await rotated.unwrapSecret("signing key", secret)).toString(), "secret");
});

test("a rewrapping that was cut short between store and database is finished or undone by either key", async () => {
  const next = randomBytes(32);
  const faulty = withFaults(store, { random: () => 1, sleep: async () => {}, slowMs: 0, hangMs: 0 });
  const ring = await open({ store: faulty });
  const { key } = await ring.current();
  for (const [chosen, other] of [
    [keyEncryptionKey, next],
    [next, keyEncryptionKey],
  ] as const) {
    faulty.faults.queue("failAfter", { operation: "put" });
    await assert.rejects(ring.rewrap(next), { code: "unavailable" });
    assert.deepEqual((await (await open({ keyEncryptionKey: chosen })).current()).key, key);
    await assert.rejects(open({ keyEncryptionKey: other }), { code: "failed" });
  }
});

test("a new key that cannot be made leaves the old one in use", async () => {
  const faulty = withFaults(store, { random: () => 1, sleep: async () => {}, slowMs: 0, hangMs: 0 });
  const ring = await open({ store: faulty });
  clock.forwardMs(ninetyDaysMs);
  faulty.faults.queue("failBefore", { operation: "put" });
  assert.equal((await ring.current()).epoch, 1);
  assert.equal((await ring.current()).epoch, 2);
});

test("a secret opens under its label only, and not once a bit has changed", async () => {
  const ring = await open();
  const wrapped = await ring.wrapSecret("totp", randomBytes(20));
  await ring.unwrapSecret("totp", wrapped);
  await assert.rejects(ring.unwrapSecret("jwt", wrapped), { code: "damaged" });
  for (const at of [0, 10, 30, wrapped.length - 1]) {
    const changed = Uint8Array.from(wrapped);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await assert.rejects(ring.unwrapSecret("totp", changed), { code: "damaged" });
  }
  await assert.rejects(ring.unwrapSecret("totp", new Uint8Array(3)), { code: "damaged" });
});

test("a missing key file is made only where nothing is stored yet", async () => {
  const disk = new SimulatedDisk();
  await disk.mkdir("/data");
  const start = () => openCells(disk);
  const made = await (await start()).all()[0]?.keyring.current();
  assert.deepEqual((await (await start()).all()[0]?.keyring.current())?.key, made?.key);
  assert.equal((await disk.stat("/data/key")).mode, 0o600);
  await disk.unlink("/data/key");
  await assert.rejects(start(), { code: "failed", message: /the key that opens it is missing/ });
  await assert.rejects(disk.stat("/data/key"), { code: "not_found" });
});

test("what is no key is refused by name", async () => {
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

/** The first start of a server, its key file and its keyring object on one disk. */
const firstStart: CrashScenario<{ keys: Buffer[] }> = {
  makeNotes: () => ({ keys: [] }),
  prepare: (disk) => disk.mkdir("/data"),
  async work(disk, notes) {
    const source = { disk, path: "/data/key", variable: undefined };
    const key = (await loadKeyEncryptionKey(source)) ?? (await createKeyEncryptionKey(source, randomBytes));
    // From here on something may be sealed by it.
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

test("a key file and a keyring that were used survive a power cut after any call", async () => {
  assert.ok((await crashEveryCall(firstStart, { seed: 11, randomOutcomes: 1 })) > 10);
});

test("whichever call fails, a key file and a keyring that were used are durable, and a start after it succeeds", async () => {
  assert.ok((await failEveryCall(firstStart, { seed: 13 })) > 10);
});

test("leaving out any sync of the key file is noticed", async () => {
  const unmissed = await findUnmissedSyncs(firstStart, { seed: 12, randomOutcomes: 1 });
  assert.deepEqual(
    unmissed.filter((each) => each.includes("/data/key")),
    [],
  );
});

function db() {
  return databases.cells.all()[0]?.db ?? assert.fail();
}

function open(options: { keyEncryptionKey?: Uint8Array; store?: ObjectStore } = {}): Promise<Keyring> {
  return openKeyring({
    db: db(),
    store,
    keyEncryptionKey,
    clock,
    random: randomBytes,
    log: silentBlockLog,
    ...options,
  });
}

function openCells(disk: SimulatedDisk) {
  return openBlockCells({
    cells: databases.cells,
    storeOf: () => store,
    keySource: { disk, path: "/data/key", variable: undefined },
    clock,
    random: randomBytes,
    log: silentBlockLog,
  });
}

async function epochs(): Promise<{ rows: number[]; objects: number[] }> {
  const { rows } = await sql<{ epoch: number }>`select epoch from cell.data_keys order by epoch`.execute(db());
  return { rows: rows.map(({ epoch }) => epoch), objects: (await readKeyringObject(store)).map(({ epoch }) => epoch) };
}
