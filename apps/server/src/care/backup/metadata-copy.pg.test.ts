import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, test } from "node:test";
import { makeMemoryStore } from "@holdfast/object-store/memory-store";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { type MeteredCall, withMeter } from "@holdfast/object-store/with-meter";
import { longTest } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import type { BlockCell } from "../../packs/cells/block-cell.ts";
import { startTestPool, makeTestClock, openBlockWorld } from "../../packs/testing.ts";
import { cellMigrations } from "../../base/db/cell-migrations/index.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { readPassword } from "../../base/db/embedded/password.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../base/db/embedded-postgres.ts";
import type { Connection } from "../../base/db/database.ts";
import { migrate } from "../../base/db/migrate.ts";
import { openDatabases } from "../../base/db/shards.ts";
import { copyTemplate, makeTestFolder, silentLog } from "../../base/db/testing.ts";
import { runStatement } from "../../base/db/testing-migrated.ts";
import { chooseSnapshot } from "./choose-snapshot.ts";
import type { Manifest } from "./manifest.ts";
import { MetadataCopy } from "./metadata-copy.ts";
import { openMetadataPlace } from "./metadata-place.ts";
import { piecesOf } from "./verify-backup.ts";

const hourMs = 3600_000;
const signal = new AbortController().signal;

describe("Metadata copy in the store", () => {
  let clock: ReturnType<typeof makeTestClock>;
  const pool = startTestPool();
  let postgres: EmbeddedPostgres;
  let connection: Connection;
  let databases: ReturnType<typeof openDatabases>;
  let folder: string;
  let uptimeMs = 0;
  let calls: MeteredCall[] = [];
  let onCall: (call: MeteredCall) => void = () => {};
  let store: ObjectStore;
  let cell: BlockCell;

  before(async () => {
    folder = makeTestFolder();
    await copyTemplate(folder);
    const settings = { fsync: "off", autovacuum: "off", checkpoint_timeout: "1d" };
    postgres = await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes, settings });
    // A snapshot reads all files, so the cluster is as small as possible: one database, with a cell's tables.
    connection = { ...postgres.connection, database: "template1" };
    await runStatement(connection, `drop database ${postgres.connection.database}`);
    await migrate(connection, cellMigrations, silentLog);
    databases = openDatabases({ defaultConnection: connection, log: silentLog });
  });
  after(async () => {
    await pool.close();
    await databases?.close();
    await postgres?.stop();
  });
  beforeEach(async () => {
    uptimeMs = 0;
    // Recreated, because PostgreSQL's clock cannot be advanced.
    clock = makeTestClock();
    const { db } = databases.cells.all()[0]!;
    await sql`delete from cell.facts`.execute(db);
    await sql`delete from cell.data_keys`.execute(db);
    await sql`select pg_drop_replication_slot(slot_name) from pg_replication_slots where not temporary`.execute(db);
    const memory = makeMemoryStore({ nowMs: () => clock.nowMs() });
    onCall = () => {};
    store = withMeter(memory, {
      nowMs: () => 0,
      onCall: (call) => {
        calls.push(call);
        onCall(call);
      },
    });
    cell = (await openBlockWorld(pool, { databases, store, clock })).cells.all()[0]!;
    calls = [];
  });

  const open = (journalMs: number | undefined = 60_000) => {
    const cluster = {
      connection,
      folder: clusterFolderOf(folder),
      password: readPassword(folder) ?? "",
    };
    const settings = { snapshotMs: hourMs, journalMs };
    return new MetadataCopy({ cell, cluster, settings, clock, random: randomBytes, monotonicMs: () => uptimeMs });
  };
  const keys = async (prefix: string) =>
    (await Array.fromAsync(store.list(`metadata/${prefix}`))).map(({ key }) => key);
  const change = (bytes = 100_000) =>
    sql`insert into cell.facts (name, value) values ('test', to_json(${randomBytes(bytes).toString("hex")}::text))
      on conflict (name) do update set value = excluded.value`.execute(cell.db);
  const chosen = async () => chooseSnapshot(await openMetadataPlace(cell, randomBytes));
  const puts = () => calls.filter(({ operation }) => operation === "put").length;

  test("a new server writes and reads nothing in the store for some minutes", async () => {
    const copy = open();
    await copy.snapshot(signal);
    await copy.journal(signal);
    assert.deepEqual(calls, []);
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    assert.equal((await keys("backups/")).length, 1);
    assert.ok((copy.ages().snapshotSeconds ?? 60) < 60);
  });

  longTest("an idle server writes only a confirmation every ten minutes", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    await change(10);
    await copy.journal(signal);
    calls = [];
    for (let minute = 0; minute < 9; minute += 1) {
      clock.forwardMs(60_000);
      await copy.journal(signal);
      await copy.snapshot(signal);
    }
    assert.deepEqual(calls, []);
    for (let minute = 0; minute < 81; minute += 1) {
      clock.forwardMs(60_000);
      await copy.journal(signal);
      await copy.snapshot(signal);
    }
    assert.ok(puts() <= 12, `${puts()} puts in 81 minutes`);
    assert.ok((copy.ages().journalSeconds ?? 60) < 60);
    assert.ok((copy.ages().snapshotSeconds ?? hourMs) < 3600);
  });

  longTest(
    "a change costs its bytes instead of a log file, and a snapshot only the changes since the last one",
    async () => {
      const copy = open();
      uptimeMs = 200_000;
      await copy.snapshot(signal);
      const first = puts();
      await copy.journal(signal);
      calls = [];
      await change(10_000);
      await copy.journal(signal);
      const bytes = calls.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      assert.ok(bytes < 200_000, `${bytes} bytes`);
      clock.forwardMs(hourMs);
      calls = [];
      await copy.snapshot(signal);
      assert.ok(puts() > 1 && puts() < first / 3, `${puts()} objects, and ${first} at first`);
    },
  );

  test("two snapshots stay, with the log since the older one", async () => {
    const copy = open();
    uptimeMs = 200_000;
    for (let hour = 0; hour < 3; hour += 1) {
      await copy.snapshot(signal);
      await change();
      await copy.journal(signal);
      clock.forwardMs(hourMs);
    }
    assert.equal((await keys("backups/")).length, 2);
    const needed = new Set<string>();
    const { manifest, plan, problems } = await chosen();
    assert.deepEqual(problems, []);
    assert.ok(plan.files.length > 0);
    for (const name of piecesOf(manifest)) needed.add(name);
    const pieces = await keys("database/");
    assert.ok(pieces.length < needed.size * 2, `${pieces.length} pieces for ${needed.size}`);
    assert.ok((await keys("log/")).length <= 6, "what came before is gone");
  });

  test("a restarted server continues the log without another snapshot", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    await change();
    const next = open();
    await next.journal(signal);
    await next.snapshot(signal);
    assert.equal((await keys("backups/")).length, 1);
    assert.equal((await chosen()).plan.files.length, 1);
  });

  test("a damaged newest snapshot is replaced by the one before with its log, until another was made", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    await change();
    clock.forwardMs(hourMs);
    await copy.snapshot(signal);
    await change();
    await copy.journal(signal);
    const [older, newer] = await keys("backups/");
    await store.put(newer!, Buffer.from("damaged"));
    const { manifest, plan, problems } = await chosen();
    assert.equal(manifest.id, older!.split("/").at(-1));
    assert.equal(plan.files.length, 3, "what the newer one has, what ended it, and what came since");
    assert.match(problems.join(), /damaged/);
    clock.forwardMs(hourMs);
    // While the damaged snapshot is among the last two, its needs are unknown, so nothing is removed.
    await assert.rejects(copy.snapshot(signal), /damaged/);
    await copy.snapshot(signal);
    assert.deepEqual((await chosen()).problems, []);
    assert.equal((await keys("backups/")).length, 2);
  });

  test("a copy deleted from the store under a running server is written again in full", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    for (const key of await keys("")) await store.delete(key);
    await change();
    await assert.rejects(copy.journal(signal), /were removed/);
    await copy.snapshot(signal);
    await change();
    await copy.journal(signal);
    const { plan, problems } = await chosen();
    assert.deepEqual([plan.files.length, problems], [1, []]);
  });

  test("a damaged piece is found within a day and written again", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    const { manifest } = await chosen();
    const name = [...piecesOf(manifest)].find((each) => bytesOf(manifest, each) > 100_000);
    const key = (await keys("database/")).find((each) => each.endsWith(name!))!;
    await store.put(key, Buffer.from("damaged"));
    const hour = Math.floor(clock.nowMs() / hourMs) % 24;
    const turn = Number.parseInt(name!.slice(0, 8), 16) % 24;
    clock.forwardMs((((turn - hour + 23) % 24) + 1) * hourMs);
    await change();
    await assert.rejects(copy.snapshot(signal), /does not open/);
    await copy.snapshot(signal);
    assert.deepEqual((await chosen()).problems, []);
  });

  test("an aborted snapshot stops immediately and leaves nothing valid", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await assert.rejects(copy.snapshot(AbortSignal.abort()));
    assert.equal(puts(), 1, "where it was to begin");
    const stop = new AbortController();
    onCall = ({ operation }) => void (operation === "put" && stop.abort());
    await assert.rejects(copy.snapshot(stop.signal));
    assert.ok(puts() < 50, `${puts()} objects`);
    assert.deepEqual(await keys("backups/"), []);
  });

  test("a database behind its copy starts a new one, and another server's copy is protected", async () => {
    const copy = open();
    uptimeMs = 200_000;
    await copy.snapshot(signal);
    await change();
    await copy.journal(signal);
    // Simulates a database that was reset: its log ends before that of the store.
    const head = (await keys("log/")).find((key) => key.endsWith("/head"));
    const place = await openMetadataPlace(cell, randomBytes);
    const label = head!.slice("metadata/".length);
    const ahead = { wal: "0000000100000FFF00000001", bytes: 1, at: new Date(clock.nowMs()).toISOString() };
    await store.put(head!, await place.box.seal(label, Buffer.from(JSON.stringify(ahead))));
    await open().snapshot(signal);
    assert.equal((await keys("backups/")).length, 2, "there is another snapshot, of another run");
    assert.deepEqual((await chosen()).problems, []);

    await sql`delete from cell.facts`.execute(cell.db);
    const backups = await keys("backups/");
    const stranger = open();
    uptimeMs = 400_000;
    await assert.rejects(stranger.snapshot(signal), /metadata of another database/);
    assert.deepEqual(await keys("backups/"), backups);
  });
});

function bytesOf({ database }: Manifest, piece: string): number {
  return Math.max(0, ...(database?.files ?? []).filter(({ pieces }) => pieces[0] === piece).map(({ size }) => size));
}
