/**
 * Acknowledged blocks exist, and rows name existing packs, wherever a store (pack durable -> cell rows -> shard rows ->
 * acknowledged) is interrupted.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex } from "@holdfast/core/ids";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { openFsStore } from "@holdfast/object-store/fs-store";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { withFaults } from "@holdfast/object-store/with-faults";
import { sql } from "kysely";
import pg from "pg";
import { bounded } from "@holdfast/tools/bounded";
import { openDatabases } from "../../base/db/shards.ts";
import type { Databases } from "../../base/db/shards.ts";
import { startTestDatabases } from "../../base/db/testing.ts";
import type { TestDatabases } from "../../base/db/testing.ts";
import { adoptOrphans } from "../repair/adopt-orphans.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import { packKey } from "../format/pack-format.ts";
import type { PackId } from "../format/pack-format.ts";
import { blockOf, makeSpace, makeTestClock, openBlockWorld, silentBlockLog, startTestPool } from "../testing.ts";

let databases: TestDatabases;
let pool: BlockPool;
let store: ObjectStore;
const folder = mkdtempSync(join(tmpdir(), "holdfast-crash-points-"));

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  pool = startTestPool();
  store = await openFsStore({ disk: nodeDisk, folder, random: randomBytes, nowMs: () => Date.now() });
});
after(async () => {
  await pool.close();
  await databases.stop();
  rmSync(folder, { recursive: true });
});

type Space = Awaited<ReturnType<typeof makeSpace>>;

for (const point of ["pack durable", "cell rows", "shard rows"] as const) {
  test(`a process that ends after "${point}" has lost nothing, and what it was sent can be sent again`, async () => {
    const spaces = [await makeSpace(databases), await makeSpace(databases)];
    let ends = false;
    const crashPoint = (reached: string) => {
      if (ends && reached === point) throw new Error("The process ends here.");
    };
    const first = await openBlockWorld(pool, { databases, store, crashPoint });
    const shared = blockOf(randomBytes(700));
    const safe = [shared, ...someBlocks(30)];
    for (const space of spaces) await first.service.store(space.spaceId, space.userId, safe);
    ends = true;
    const unsure = [shared, ...someBlocks(30)];
    for (const outcome of await Promise.allSettled(
      spaces.map((space) => first.service.store(space.spaceId, space.userId, unsure)),
    )) {
      assert.ok(outcome.status === "rejected" && outcome.reason instanceof HoldfastError);
      assert.equal(outcome.reason.code, "unavailable");
    }

    const second = await openBlockWorld(pool, { databases, store });
    const cell = second.cells.all()[0] ?? assert.fail();
    assert.deepEqual(await rowsWithoutPack(), []);
    const orphans = await packsWithoutRows();
    assert.equal(orphans.length > 0, point === "pack durable");
    for (const space of spaces) await assertReads(second, space, safe);
    const clock = makeTestClock();
    clock.forwardMs(5000);
    const adopted = await adoptOrphans({ cell, clock, log: silentBlockLog }, { graceMs: 0 });
    assert.equal(adopted.packs, orphans.length);
    assert.deepEqual(await packsWithoutRows(), []);
    for (const space of spaces) {
      await second.service.store(space.spaceId, space.userId, unsure);
      await assertReads(second, space, [...safe, ...unsure]);
      await assertBooksBalance(space);
    }
    await second.service.close();
  });
}

test("a failing and slow store loses no acknowledged block, and others can be sent again", async (context) => {
  context.diagnostic(`HOLDFAST_SEED=${seed}`);
  const random = seededRandom(seed);
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const faulty = withFaults(store, { random, sleep: turn, slowMs: 0, hangMs: 0 });
  const world = await openBlockWorld(pool, { databases, store: faulty });
  const spaces = [await makeSpace(databases), await makeSpace(databases)];
  faulty.faults.setRates({ failBefore: 0.2, failAfter: 0.2, slow: 0.2 });
  const sent = Array.from({ length: 40 }, (_, index) => {
    return {
      space: spaces[index % 2] ?? assert.fail(),
      blocks: someBlocks(1 + Math.floor(random() * 5)),
      acknowledged: false,
    };
  });
  faulty.faults.queue("failBefore", { operation: "put" });
  faulty.faults.queue("failAfter", { operation: "put" });
  const stillInTime = bounded("all blocks are acknowledged");
  const sendAll = async (calls: typeof sent) => {
    for (const call of calls) {
      while (!call.acknowledged) {
        try {
          await world.service.store(call.space.spaceId, call.space.userId, call.blocks);
          call.acknowledged = true;
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.retryable, String(error));
          stillInTime();
        }
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map((caller) => sendAll(sent.filter((_, index) => index % 4 === caller))));
  assert.ok(faulty.faults.faultCount >= 2);
  const restarted = await openBlockWorld(pool, { databases, store });
  for (const { space, blocks } of sent) await assertReads(restarted, space, blocks);
  for (const space of spaces) await assertBooksBalance(space);
  assert.deepEqual(await rowsWithoutPack(), []);
});

test("cut database connections lose no acknowledged block, and others can be sent again", async () => {
  const cut = await startTestDatabases();
  const files = makeMemoryStore({ nowMs: () => Date.now() });
  const world = await openBlockWorld(pool, { databases: cut, store: files });
  const space = await makeSpace(cut);
  const calls = Array.from({ length: 30 }, () => someBlocks(20));
  let acknowledged = 0;
  let failures = 0;
  const stillInTime = bounded("all blocks are acknowledged");
  await Promise.all(
    calls.map(async (blocks) => {
      for (;;) {
        try {
          await world.service.store(space.spaceId, space.userId, blocks);
          acknowledged += 1;
          if (acknowledged % 10 === 1) await cutConnections(cut);
          return;
        } catch (error) {
          assert.ok(error instanceof HoldfastError && error.retryable, String(error));
          stillInTime();
          failures += 1;
          if (failures < 5) await cutConnections(cut);
        }
      }
    }),
  );
  const fresh = openDatabases({ defaultConnection: cut.connection, log: { debug: () => {}, ...silentBlockLog } });
  await assertReads(await openBlockWorld(pool, { databases: fresh, store: files }), space, calls.flat());
  await assertBooksBalance(space, fresh);
  await fresh.close();
  await cut.stop();
});

test("closing completes running calls and rejects later ones", async () => {
  const world = await openBlockWorld(pool, { databases, store });
  const space = await makeSpace(databases);
  const calls = Array.from({ length: 10 }, () => someBlocks(3));
  let closing: Promise<void> | undefined;
  const outcomes = await Promise.allSettled(
    calls.map(async (blocks, index) => {
      const stored = world.service.store(space.spaceId, space.userId, blocks);
      if (index === calls.length - 1) closing = world.service.held(space.spaceId, []).then(() => world.service.close());
      await stored;
    }),
  );
  await closing;
  for (const [index, { status }] of outcomes.entries()) {
    if (status === "fulfilled") await assertReads(world, space, calls[index] ?? []);
  }
  await assert.rejects(world.service.store(space.spaceId, space.userId, someBlocks(1)), { code: "unavailable" });
});

function someBlocks(count: number): IncomingBlock[] {
  return Array.from({ length: count }, () => blockOf(randomBytes(100 + (randomBytes(1)[0] ?? 0))));
}

async function assertReads(
  { service }: Awaited<ReturnType<typeof openBlockWorld>>,
  { spaceId }: Space,
  blocks: readonly IncomingBlock[],
): Promise<void> {
  const hashes = blocks.map(({ hash }) => hash);
  const read: (HashHex | undefined)[] = [];
  for await (const block of service.read(spaceId, hashes)) read.push(block && sha256(block.payload));
  assert.deepEqual(read, hashes);
}

async function assertBooksBalance({ spaceId }: Space, { shards }: Databases = databases): Promise<void> {
  const { rows } = await sql<{ counted: number; stored: number; unheld: number }>`
    select (select coalesce(sum(size), 0) from shard.space_blocks where space_id = ${spaceId}) as counted,
      (select stored_bytes from shard.spaces where id = ${spaceId}) as stored,
      (select count(*) from shard.space_blocks as block where space_id = ${spaceId} and not exists
        (select from cell.holders as holder
          where holder.hash = block.hash and holder.space_id = block.space_id and holder.stamp = block.stamp)) as unheld`.execute(
    shards.ofId(spaceId).db,
  );
  assert.equal(rows[0]?.counted, rows[0]?.stored);
  assert.equal(rows[0]?.unheld, 0);
}

async function cutConnections({ connection }: TestDatabases): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: "cutter" });
  await client.connect();
  try {
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name <> 'cutter'",
    );
  } finally {
    await client.end();
  }
}

async function rowsWithoutPack(): Promise<string[]> {
  const { stored, known } = await packs();
  return [...known].filter((key) => !stored.has(key));
}

async function packsWithoutRows(): Promise<string[]> {
  const { stored, known } = await packs();
  return [...stored].filter((key) => !known.has(key));
}

async function packs(): Promise<{ stored: Set<string>; known: Set<string> }> {
  const { db } = databases.cells.all()[0] ?? assert.fail();
  const { rows } = await sql<{ id: PackId }>`
    select id from cell.packs union select pack_id from cell.blocks`.execute(db);
  const stored = (await Array.fromAsync(store.list("packs/"))).map(({ key }) => key);
  return { stored: new Set(stored), known: new Set(rows.map(({ id }) => packKey(id))) };
}
