import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Kysely, sql } from "kysely";
import { openDatabase } from "../database.ts";
import { clusterFolderOf } from "../embedded/cluster.ts";
import { startEmbeddedPostgres } from "../embedded-postgres.ts";
import { silentLog } from "../testing.ts";
import { runStatement } from "../testing-migrated.ts";
import { openReads, type Reads, replicaTimes } from "./reads.ts";
import { Replica, type ReplicaTimes } from "./replica.ts";
import { startTestPair, type TestPair } from "./testing-standby.ts";

interface Tables {
  "public.counter": { readonly value: number };
}

/** A replica that was lost or behind is tried again at once. */
const eager: ReplicaTimes = {
  ...replicaTimes,
  restBehind: { firstMs: 1, maxMs: 5 },
  restFailed: { firstMs: 1, maxMs: 5 },
};

describe("Reads from replicas", () => {
  let pair: TestPair;
  let db: Kysely<Tables>;
  let close: () => Promise<void>;
  let opened: Reads<Tables> | undefined;
  const common = () => ({ connection: pair.connection, schema: "shard", applicationName: "test", log: silentLog });

  before(async () => {
    pair = await startTestPair({ standbyCount: 2 });
    ({ db, close } = openDatabase<Tables>(common()));
    await sql`create table public.counter (value int8)`.execute(db);
    await sql`insert into public.counter values (0)`.execute(db);
  });
  afterEach(async () => {
    await opened?.close();
    opened = undefined;
  });
  after(async () => {
    await close?.();
    await pair?.stop();
  });

  const open = (times = eager, replicaUrls = pair.standbys.map(({ url }) => url)) =>
    (opened = openReads<Tables>({ ...common(), replicaUrls, times }));
  const increment = async (on = db) => {
    const { rows } = await sql<{ value: number }>`update public.counter set value = value + 1 returning value`.execute(
      on,
    );
    return rows[0]?.value;
  };
  const read = async (reads: Reads<Tables>) =>
    (await reads.db.selectFrom("public.counter").select("value").execute())[0]?.value;
  const assertCurrent = async (reads: Reads<Tables>, times: number, on = db) => {
    for (let time = 0; time < times; time++) {
      const value = await increment(on);
      assert.deepEqual(await Promise.all([read(reads), read(reads), read(reads)]), [value, value, value]);
    }
  };
  const untilReplicaReads = async (reads: Reads<Tables>) => {
    const { replica } = reads.counts();
    for (let tries = 0; reads.counts().replica === replica; tries++) {
      assert.ok(tries < 5000, "no replica is used");
      await read(reads);
      await delay(2);
    }
  };
  const onEach = async (statement: string) => {
    for (const standby of pair.standbys) await standby.run(statement);
  };

  test("a read sees all earlier commits, mostly on replicas", async () => {
    const reads = open({ ...eager, replayWaitsMs: [1, 2, 4, 8, 16, 32, 64] });
    await assertCurrent(reads, 100);
    const { primary, replica } = reads.counts();
    assert.equal(primary + replica, 300);
    assert.ok(replica > 200, `${replica} of 300 reads ran on replicas`);
  });

  test("while replay is paused, reads are current, and then the replicas are used again", async () => {
    const reads = open();
    await untilReplicaReads(reads);
    await pair.standbys[0]?.run("select pg_wal_replay_pause()");
    await assertCurrent(reads, 20);
    await pair.standbys[1]?.run("select pg_wal_replay_pause()");
    await increment();
    const { replica } = reads.counts();
    await assertCurrent(reads, 20);
    assert.equal(reads.counts().replica, replica);
    await onEach("select pg_wal_replay_resume()");
    await untilReplicaReads(reads);
  });

  test("a replica whose rest ends during the checks is not used unchecked", async () => {
    const moments = [0, 0, 0.5];
    const times = { ...eager, restFailed: { firstMs: 1, maxMs: 1 }, nowMs: () => moments.shift() ?? 2 };
    const end = { origin: "", timeline: 1, bytes: Number.MAX_SAFE_INTEGER };
    const replica = new Replica(pair.standbys[0]?.url ?? "", common(), times, async () => end);
    replica.failed(new Error("lost"));
    assert.equal(await replica.connect(end), undefined);
    await replica.close();
  });

  test("a replica that stops fails no read, and is used again after its start", async () => {
    const reads = open();
    await untilReplicaReads(reads);
    await pair.standbys[0]?.stop();
    await assertCurrent(reads, 20);
    await pair.standbys[1]?.stop();
    await assertCurrent(reads, 20);
    for (const standby of pair.standbys) await standby.start();
    await untilReplicaReads(reads);
  });

  test("statements on a frozen replica are repeated on the primary, and it rests once for all of them", async () => {
    const [standby] = pair.standbys;
    let nowMs = 0;
    const restFailed = { firstMs: 100, maxMs: 60_000 };
    const times = { ...replicaTimes, statementTimeoutMs: 200, restFailed, nowMs: () => nowMs };
    const reads = open(times, [standby?.url ?? ""]);
    const readMany = (count: number) => Promise.all(Array.from({ length: count }, () => read(reads)));
    const value = await increment();
    await untilReplicaReads(reads);
    await readMany(10);
    standby?.signal("SIGSTOP");
    try {
      assert.deepEqual(new Set(await readMany(40)), new Set([value]));
      const { replica } = reads.counts();
      await assertCurrent(reads, 5);
      assert.equal(reads.counts().replica, replica);
    } finally {
      standby?.signal("SIGCONT");
    }
    nowMs += 2 * restFailed.firstMs;
    await untilReplicaReads(reads);
  });

  test("a statement whose session ends on the replica is repeated on the primary", async () => {
    const reads = open();
    await untilReplicaReads(reads);
    const { primary } = reads.counts();
    const slow = sql<{ value: number }>`select value, pg_sleep(0.5) as waited from public.counter`.execute(reads.db);
    const sessions = `from pg_stat_activity where query like '%pg_sleep(0.5)%' and pid <> pg_backend_pid()`;
    const over = new AbortController();
    const ending = (async () => {
      while (!over.signal.aborted) {
        await onEach(`select pg_terminate_backend(pid) ${sessions}`);
        await delay(5);
      }
    })();
    const { rows } = await slow.finally(() => over.abort());
    await ending;
    assert.equal(rows[0]?.value, await read(reads));
    assert.ok(reads.counts().primary > primary);
  });

  test("PostgreSQL rejects changes on replicas and on the primary", async () => {
    const reads = open();
    const change = (on: typeof reads.db) => sql`update public.counter set value = -1`.execute(on);
    const isRejected = (error: Error) => (error.cause as { code?: string }).code === "25006";
    await untilReplicaReads(reads);
    await assert.rejects(change(reads.db), isRejected);
    await assert.rejects(change(reads.primary), isRejected);
    // @ts-expect-error: the type has no changes
    assert.equal(typeof reads.db.insertInto, "function");
  });

  test("standbys of another database, and servers that are none, run no reads", async () => {
    const { url, connection } = pair;
    await runStatement(connection, "create database other");
    const [standby] = pair.standbys;
    const elsewhere = (standby?.url ?? "").replace(/\/[^/?]*\?/, "/other?");
    const reads = open(eager, [elsewhere, url, "postgres://127.0.0.1:1/none"]);
    await increment();
    const states = async () => (await reads.replicas()).map(({ state }) => state);
    while ((await states())[0] === "unreachable") await delay(5);
    assert.deepEqual(await states(), ["not_standby", "not_standby", "unreachable"]);
    await assertCurrent(reads, 10);
    assert.equal(reads.counts().replica, 0);
    assert.throws(() => open(eager, ["postgres://127.0.0.1:99999/none"]), { code: "failed" });
  });

  test("while a commit waits for a synchronous standby, its change is not shown", async () => {
    const [asynchronous, synchronous] = pair.standbys;
    const reads = open({ ...eager, rememberedMs: 0 }, [asynchronous?.url ?? ""]);
    const alter = (value: string) =>
      runStatement(pair.connection, `alter system set synchronous_standby_names = '${value}'`);
    let last = await increment();
    await alter("standby1");
    await runStatement(pair.connection, "select pg_reload_conf()");
    synchronous?.signal("SIGSTOP");
    let waiting = increment();
    try {
      // Sessions use the new setting after a moment.
      for (;;) {
        const value = await Promise.race([waiting, delay(400)]);
        if (value === undefined) break;
        last = value as typeof last;
        waiting = increment();
      }
      assert.equal(await read(reads), last);
    } finally {
      synchronous?.signal("SIGCONT");
      await alter("");
      await runStatement(pair.connection, "select pg_reload_conf()");
    }
    const value = await waiting;
    assert.equal(await read(reads), value);
  });

  test("without synchronous commit, a read sees what is not yet on the disk", async () => {
    const { database } = pair.connection;
    await runStatement(pair.connection, `alter database ${database} set synchronous_commit = off`);
    const hasty = openDatabase<Tables>(common());
    try {
      await assertCurrent(open(), 20, hasty.db);
    } finally {
      await hasty.close();
      await runStatement(pair.connection, `alter database ${database} reset synchronous_commit`);
    }
  });

  test("a promoted replica runs no reads, and a lost primary makes them unavailable", async () => {
    const reads = open({ ...eager, rememberedMs: 0 });
    await untilReplicaReads(reads);
    await pair.standbys[0]?.run("select pg_promote()");
    await assertCurrent(reads, 30);
    await pair.primary.stop();
    await assert.rejects(read(reads), { code: "unavailable" });
  });
});

test("a former standby of a primary whose disk was restored runs no reads", async () => {
  const pair = await startTestPair();
  const cluster = clusterFolderOf(pair.folder);
  const common = { schema: "shard", applicationName: "test", log: silentLog };
  try {
    await runStatement(pair.connection, "create table public.counter as select 1 as value");
    await pair.primary.stop();
    execFileSync("cp", ["-a", cluster, `${cluster}-copy`]);
    const settings = { fsync: "off", port: String(pair.connection.port) };
    const start = () =>
      startEmbeddedPostgres({ dataFolder: pair.folder, log: silentLog, random: randomBytes, settings });
    let primary = await start();
    await runStatement(pair.connection, "create table public.later as select generate_series(1, 10000)");
    const [standby] = pair.standbys;
    while ((await standby?.query("select to_regclass('public.later') as found"))?.[0]?.["found"] === null)
      await delay(5);
    await primary.stop();
    execFileSync("rm", ["-r", cluster]);
    execFileSync("mv", [`${cluster}-copy`, cluster]);
    primary = await start();
    const reads = openReads<Tables>({
      ...common,
      connection: pair.connection,
      replicaUrls: [standby?.url ?? ""],
      times: eager,
    });
    for (let time = 0; time < 5; time++) await reads.db.selectFrom("public.counter").selectAll().execute();
    assert.deepEqual(reads.counts().replica, 0);
    assert.deepEqual(
      (await reads.replicas()).map(({ state }) => state),
      ["not_standby"],
    );
    await reads.close();
    await primary.stop();
  } finally {
    await pair.stop();
  }
});
