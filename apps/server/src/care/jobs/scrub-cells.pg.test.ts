import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { sql } from "kysely";
import type { BlockPool } from "../../packs/format/block-tasks.ts";
import { readCopies } from "../../packs/copies/copies-report.ts";
import {
  continueVerification,
  isVerificationUnfinished,
  noteVerificationBegun,
} from "../../packs/copies/verify-copies.ts";
import { readScrubPass, readScrubReport } from "../../packs/repair/scrub-report.ts";
import {
  blockOf,
  type BlockWorld,
  makeSpace,
  openBlockWorld,
  silentBlockLog,
  startTestPool,
} from "../../packs/testing.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { checkBlocks } from "../doctor/check-work.ts";
import type { DoctorWorld } from "../doctor/doctor-world.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { askForScrub, scrubCells } from "./scrub-cells.ts";

const packCount = 5;
const periodMs = 30 * 24 * 3600_000;
let databases: TestDatabases;
let pool: BlockPool;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
});
after(async () => {
  await pool.close();
  await databases.stop();
});

let clock: ReturnType<typeof makeTestClock>;
let store: ObjectStore;
let world: BlockWorld;
/** Time added by each reading of the monotonic clock: the duration of one pack. */
let packMs: number;
let monotonicMs: number;
let onLook: () => void;
let onRead: () => void;
let keys: readonly string[];
beforeEach(async () => {
  clock = makeTestClock(Date.now());
  packMs = 1400;
  monotonicMs = 0;
  onLook = () => {};
  await sql`truncate cell.data_keys, cell.packs, cell.blocks, cell.holders, cell.facts`.execute(db());
  onRead = () => {};
  const memory = makeMemoryStore({ nowMs: () => clock.nowMs() });
  store = {
    ...memory,
    get: (key, options) => {
      if (key.startsWith("packs/")) onRead();
      return memory.get(key, options);
    },
  };
  world = await openBlockWorld(pool, { databases, store, clock });
  const place = await makeSpace(databases);
  for (let pack = 0; pack < packCount; pack++) {
    await world.service.store(place.spaceId, place.userId, [blockOf(randomBytes(3000))]);
  }
  const { rows } = await sql<{ id: string }>`select id from cell.packs order by id`.execute(db());
  keys = rows.map(({ id }) => `packs/${id.slice(0, 2)}/${id}`);
  assert.equal(keys.length, packCount);
});
afterEach(() => world.service.close());

const db = () => databases.cells.all()[0]!.db;

function scrub(signal?: AbortSignal): Promise<void> {
  const looked = () => {
    monotonicMs += packMs;
    onLook();
    return monotonicMs;
  };
  const ports = { cells: world.cells, shards: databases.shards, pool, clock, random: randomBytes, log: silentBlockLog };
  const keep = async () => {};
  return scrubCells({ ...ports, keep, monotonicMs: looked, periodMs, ...(signal && { signal }) });
}

const report = () => readScrubReport(world.cells);

async function breakPack(key: string): Promise<void> {
  const bytes = Uint8Array.from(await store.get(key));
  bytes[100] = (bytes[100] ?? 0) ^ 4;
  await store.put(key, bytes);
}

test("a scheduled pass begins when a pack is due, and pauses nine times as long as it works", async () => {
  await scrub();
  assert.equal((await report()).state, "never");
  clock.forwardMs(periodMs * 0.9 - 1000);
  await scrub();
  assert.equal((await report()).state, "never");
  clock.forwardMs(2000);
  await scrub();
  // Two packs of 1.4 s fit into 3 s, and a third begins in that time.
  const first = await report();
  assert.deepEqual([first.state, first.packs], ["running", 2]);
  const { next_at: nextAt = 0 } = (await readScrubPass(db())) ?? {};
  const restMs = nextAt - clock.nowMs();
  assert.ok(restMs >= 9 * 3 * 1400 && restMs <= 9 * 4 * 1400, `it rests for ${restMs} ms`);
  await scrub();
  clock.forwardMs(restMs - 1);
  await scrub();
  assert.equal((await report()).packs, 2, "it rests");
  for (let turn = 0; turn < packCount; turn++) {
    clock.forwardMs(restMs * 2);
    await scrub();
  }
  const last = await report();
  assert.deepEqual([last.state, last.packs, last.started_at], ["done", packCount, first.started_at]);
  clock.forwardMs(periodMs / 2);
  await scrub();
  assert.equal((await report()).started_at, first.started_at, "no pack is due");
});

test("a requested pass replaces a scheduled one, reads all packs again, and does not pause", async () => {
  clock.forwardMs(periodMs);
  await scrub();
  const slow = await report();
  assert.equal(slow.packs, 2);
  let looks = 0;
  const asked = Promise.withResolvers<void>();
  onLook = () => {
    if (++looks !== 3) return;
    clock.forwardMs(5);
    askForScrub({ cells: world.cells, clock }).then(asked.resolve, asked.reject);
  };
  clock.forwardMs(3600_000);
  await scrub();
  await asked.promise;
  // Its turn may have ended before the request.
  await scrub();
  const now = await report();
  assert.deepEqual([now.state, now.packs], ["done", packCount]);
  assert.notEqual(now.started_at, slow.started_at);
});

test("a pass continues after a stop, and keeps its findings", async () => {
  for (const key of keys) await breakPack(key);
  await askForScrub({ cells: world.cells, clock });
  const stop = new AbortController();
  let reads = 0;
  // Each is damaged and so read twice.
  onRead = () => {
    if (++reads === 4) stop.abort();
  };
  await assert.rejects(scrub(stop.signal));
  const cut = await report();
  assert.equal(cut.state, "running");
  assert.ok(cut.packs > 0 && cut.packs < packCount, `${cut.packs} packs`);
  assert.equal(cut.damaged.length, cut.packs);
  await scrub();
  const done = await report();
  assert.deepEqual([done.state, done.packs, done.started_at], ["done", packCount, cut.started_at]);
  assert.deepEqual(done.damaged.slice(0, cut.packs), cut.damaged);
  assert.equal(new Set(done.damaged.map(({ hash }) => hash)).size, packCount);
});

test("the doctor reports packs that have not been read for a long time", async () => {
  const config = { scrubPeriodMs: periodMs } as DoctorWorld["config"];
  const cells = [{ id: "main", db: db() }] as unknown as DoctorWorld["cells"];
  const levels = async () =>
    (await checkBlocks({ clock, config, cells } as unknown as DoctorWorld)).map(({ state }) => state);
  assert.deepEqual(await levels(), ["ok"]);
  clock.forwardMs(periodMs * 1.6);
  assert.deepEqual(await levels(), ["ok", "warn"]);
});

test("a failed pass continues after an hour, not earlier", async () => {
  clock.forwardMs(periodMs);
  packMs = 1;
  const names = await Promise.all(keys.map(async (key) => [key, await store.get(key)] as const));
  const keyring = await store.get("keyring");
  await store.delete("keyring");
  await assert.rejects(scrub(), { code: "unavailable" });
  const failed = await report();
  assert.equal(failed.state, "failed");
  await store.put("keyring", keyring);
  clock.forwardMs(3599_000);
  await scrub();
  assert.equal((await report()).state, "failed");
  clock.forwardMs(2000);
  await scrub();
  const done = await report();
  assert.deepEqual([done.state, done.packs, done.started_at, done.damaged], ["done", packCount, failed.started_at, []]);
  for (const [key, bytes] of names) assert.deepEqual(await store.get(key), bytes);
});

test("a verification of copies interrupted by a stop does not fail, and the next process completes it", async () => {
  const placed = world.cells.all().map((cell) => ({ cell, places: ["/store"] }));
  const [cell] = placed;
  assert.ok(cell !== undefined);
  const ports = { pool, clock, monotonicMs: () => 0, sleep: async () => {}, log: silentBlockLog };
  await noteVerificationBegun(placed, clock);
  const stop = new AbortController();
  onRead = () => stop.abort();
  await assert.rejects(continueVerification({ ...ports, signal: stop.signal }, cell), { code: "request_timeout" });
  assert.equal((await readCopies(placed)).verification.state, "running");
  assert.ok(await isVerificationUnfinished(placed));
  onRead = () => {};
  await continueVerification(ports, cell);
  const { state, objects } = (await readCopies(placed)).verification;
  assert.deepEqual([state, objects], ["done", packCount + 1]);
  onRead = () => assert.fail("a cell that was verified is read again");
  await continueVerification(ports, cell);
});
