import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withFaults } from "@holdfast/object-store/with-faults";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { openBlockCells } from "../cells/open-block-cells.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";
import { storageJobs } from "../../care/jobs/storage-jobs.ts";
import { openLog } from "../../base/operation/log.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import { refuseNewDatabase } from "../../care/backup/refuse-new-database.ts";
import { keyIdOf } from "./key-encryption-key.ts";
import { wrappingBy } from "./key-wrapping.ts";
import { type Keyring, openKeyring, readDataKeyRows } from "./keyring.ts";
import { seal } from "../format/seal.ts";
import { makeTestClock, silentBlockLog } from "../testing.ts";
import { keyringKey, readKeyringObject, writeKeyringObject } from "./wrapped-keys.ts";

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

test("a key is durable in store and database before it is used, and a new one follows after 90 days", async () => {
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

test("two instances that start simultaneously create one key, and share later ones", async () => {
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

test("a database without keys takes those of the store, and if there are packs requires a rebuild", async () => {
  const { key } = await (await open()).current();
  await sql`truncate cell.data_keys cascade`.execute(db());
  assert.deepEqual((await (await open()).current()).key, key);
  assert.equal((await sql`select from cell.facts`.execute(db())).rows.length, 0);
  await sql`truncate cell.data_keys cascade`.execute(db());
  await refuseNewDatabase({ db: db(), store });
  await store.put("packs/00/x", Buffer.of(1));
  await assert.rejects(
    refuseNewDatabase({ db: db(), store }),
    /new and empty, but the store has the data .*admin rebuild/,
  );
  assert.deepEqual((await (await open()).current()).key, key);
  assert.equal((await sql`select from cell.facts`.execute(db())).rows.length, 1);
});

test("a missing keyring in the store is restored from the database", async () => {
  await open();
  await store.delete(keyringKey);
  await open();
  assert.deepEqual(await epochs(), { rows: [1], objects: [1] });
});

test("the store of another installation is rejected", async () => {
  await open();
  const otherStore = makeMemoryStore({ nowMs: () => Date.now() });
  const kept = await sql<{ wrapped: Buffer; created_at: number }>`
    delete from cell.data_keys returning wrapped, created_at`.execute(db());
  await open({ store: otherStore });
  await sql`update cell.data_keys set wrapped = ${kept.rows[0]?.wrapped}, created_at = ${kept.rows[0]?.created_at}`.execute(
    db(),
  );
  await assert.rejects(open({ store: otherStore }), { code: "failed", message: /two installations/ });
});

test("the keyring of an installation with another key is never overwritten, with either key at hand", async () => {
  const otherStore = makeMemoryStore({ nowMs: () => Date.now() });
  const otherKey = randomBytes(32);
  await open({ store: otherStore, keyEncryptionKey: otherKey });
  await sql`delete from cell.data_keys`.execute(db());
  clock.forwardMs(1000);
  await open();
  const [theirs, ours] = [Buffer.from(await otherStore.get(keyringKey)), await readDataKeyRows(db())];
  for (const key of [keyEncryptionKey, otherKey]) {
    await assert.rejects(open({ store: otherStore, keyEncryptionKey: key }), {
      code: "failed",
      message: /two installations/,
    });
    assert.ok(theirs.equals(await otherStore.get(keyringKey)));
    assert.deepEqual(await readDataKeyRows(db()), ours);
  }
});

test("a keyring of the first format is read, and its creation times are protected from then on", async () => {
  const key = randomBytes(32);
  const nonce = randomBytes(12);
  const additional = Buffer.concat([Buffer.from("holdfast data key 1"), Buffer.of(0, 0, 0, 1)]);
  const wrapped = Buffer.concat([nonce, seal(keyEncryptionKey, nonce, additional, key)]);
  const createdAt = clock.nowMicros() - 1000;
  await sql`insert into cell.data_keys (epoch, wrapped, created_at) values (1, ${wrapped}, ${createdAt})`.execute(db());
  await writeKeyringObject(store, [{ epoch: 1, wrapped, createdAt }]);
  assert.deepEqual(Buffer.from((await (await open()).current()).key), key);
  for (const place of [await readDataKeyRows(db()), await readKeyringObject(store)]) {
    assert.deepEqual([place[0]?.wrapped.length, place[0]?.createdAt], [61, createdAt]);
  }
});

test("a changed creation time is detected in the store, in the database and in both", async () => {
  await open();
  const [kept] = await readKeyringObject(store);
  assert.ok(kept !== undefined);
  const changed = { ...kept, createdAt: kept.createdAt + 1 };
  await writeKeyringObject(store, [changed]);
  await assert.rejects(open(), { code: "failed", message: /the keyring of one was replaced/ });
  await sql`update cell.data_keys set created_at = ${changed.createdAt}`.execute(db());
  await assert.rejects(open(), { code: "failed", message: /does not open the data key/ });
  await writeKeyringObject(store, [kept]);
  await assert.rejects(open(), { code: "failed", message: /the keyring of one was replaced/ });
  await sql`update cell.data_keys set created_at = ${kept.createdAt}`.execute(db());
  await open();
});

test("a new data key is made on request, and other instances use it after their next refresh", async () => {
  const [one, other] = [await open(), await open()];
  assert.deepEqual(await one.renew(), { epoch: 2, dataKeys: 2 });
  assert.deepEqual(await epochs(), { rows: [1, 2], objects: [1, 2] });
  assert.equal((await one.current()).epoch, 2);
  assert.equal((await other.current()).epoch, 1);
  await other.refresh();
  assert.deepEqual((await other.current()).key, (await one.current()).key);
});

test("the job makes a due key even if nothing is stored", async () => {
  const ring = await open();
  const cell = { id: "main", db: db(), store, keyring: ring };
  const log = openLog("silent");
  const parts = { shards: databases.shards, pool: {} as BlockPool, clock, random: randomBytes, log };
  const jobs = storageJobs({
    ...parts,
    cells: { of: () => cell, ofCell: () => cell, all: () => [cell] },
    placed: [{ cell, places: ["/store"] }],
    monotonicMs: () => 0,
    sleep: async () => {},
    retention: retentionUsual,
    scrubPeriodMs: 1000,
    alone: true,
  });
  const job = jobs.find(({ name }) => name === "data-keys") ?? assert.fail();
  await job.run(new AbortController().signal);
  assert.deepEqual(await epochs(), { rows: [1], objects: [1] });
  clock.forwardMs(ninetyDaysMs);
  await job.run(new AbortController().signal);
  assert.deepEqual(await epochs(), { rows: [1, 2], objects: [1, 2] });
});

test("an epoch made by another instance during a refresh is found by a second one", async () => {
  const writer = await open();
  let gate = async () => {};
  const reader = await open({ gate: () => gate() });
  const read = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  gate = () => {
    read.resolve();
    return goOn.promise;
  };
  const look = reader.refresh();
  await read.promise;
  const renewed = writer.renew();
  const stillInTime = bounded("the other instance waits for the lock");
  const waiting = sql`select from pg_locks where locktype = 'advisory' and not granted`;
  while ((await waiting.execute(db())).rows.length === 0) stillInTime();
  const found = reader.keyOf(2);
  goOn.resolve();
  await Promise.all([look, renewed]);
  assert.deepEqual((await found).key, (await writer.current()).key);
});

test("a malformed keyring object is reported as damaged, and stops the start", async () => {
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
  const next = randomBytes(32);
  const ring = await open({ next });
  const { key } = await ring.current();
  const secret = await ring.wrapSecret("signing key", Buffer.from("secret"));
  await ring.rewrap();
  await assert.rejects(open(), { code: "failed" });
  const rotated = await open({ keyEncryptionKey: next });
  assert.deepEqual((await rotated.current()).key, key);
  assert.equal(Buffer.from(await rotated.unwrapSecret("signing key", secret)).toString(), "secret");
});

test("after the next key has wrapped anything, everything new is wrapped by it", async () => {
  const next = randomBytes(32);
  const [one, other] = [await open({ next }), await open({ next })];
  await one.rewrap();
  await other.renew();
  await open({ keyEncryptionKey: next });
  await assert.rejects(open(), { code: "failed" });
});

test("a retired key opens what it has wrapped, and the current key wraps everything new", async () => {
  const next = randomBytes(32);
  await open();
  await assert.rejects(open({ keyEncryptionKey: next }), { code: "failed" });
  await open({ keyEncryptionKey: next, retired: keyEncryptionKey });
  await open({ keyEncryptionKey: next });
});

test("a rewrap interrupted between store and database is completed or undone by either key", async () => {
  const next = randomBytes(32);
  const faulty = withFaults(store, { random: () => 1, sleep: async () => {}, slowMs: 0, hangMs: 0 });
  const { key } = await (await open({ store: faulty })).current();
  for (const [chosen, other] of [
    [keyEncryptionKey, next],
    [next, keyEncryptionKey],
  ] as const) {
    const ring = await open({ store: faulty, next });
    faulty.faults.queue("failAfter", { operation: "put" });
    await assert.rejects(ring.rewrap(), { code: "unavailable" });
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

test("a secret opens only under its label, and not after any bit has changed", async () => {
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

test("a missing key file is created only if nothing is stored yet", async () => {
  const disk = new SimulatedDisk();
  await disk.mkdir("/data");
  const start = () => openCells(disk);
  const made = await (await start()).all()[0]?.keyring.current();
  assert.deepEqual((await (await start()).all()[0]?.keyring.current())?.key, made?.key);
  assert.equal((await disk.stat("/data/key")).mode, 0o600);
  await disk.unlink("/data/key");
  await assert.rejects(start(), { code: "failed", message: /its key is missing/ });
  await assert.rejects(disk.stat("/data/key"), { code: "not_found" });
});

function db() {
  return databases.cells.all()[0]?.db ?? assert.fail();
}

interface KeysAtHand {
  readonly keyEncryptionKey?: Uint8Array;
  readonly next?: Uint8Array;
  readonly retired?: Uint8Array;
  readonly store?: ObjectStore;
  readonly gate?: () => Promise<void>;
}

function open({ next, retired, gate = async () => {}, ...options }: KeysAtHand = {}): Promise<Keyring> {
  const by = (key: Uint8Array) => wrappingBy(keyIdOf(key), key, randomBytes);
  const wrappings = {
    current: by(options.keyEncryptionKey ?? keyEncryptionKey),
    next: next === undefined ? undefined : by(next),
    retired: retired === undefined ? [] : [by(retired)],
  };
  return openKeyring({
    db: db(),
    store: options.store ?? store,
    wrappings: async () => {
      await gate();
      return wrappings;
    },
    clock,
    random: randomBytes,
    log: silentBlockLog,
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
