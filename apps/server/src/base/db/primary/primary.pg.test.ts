import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { bounded } from "@holdfast/tools/bounded";
import type pg from "pg";
import { type Connection, openPool } from "../database.ts";
import type { DatabaseLog } from "../database-log.ts";
import { toDatabaseError } from "../database-error.ts";
import { type FailoverPair, startFailoverPair } from "../replicas/testing-standby.ts";
import { SessionLock } from "../session-lock.ts";
import { makeTestFolder, silentLog } from "../testing.ts";
import { openClient } from "./open-client.ts";
import { Primaries } from "./primaries.ts";
import { readServerState } from "./server-state.ts";
import { storedTimelines } from "./timelines.ts";

const statement = "insert into written default values";

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const stillInTime = bounded(what);
  while (!(await isTrue())) {
    stillInTime();
    await delay(20);
  }
}

const succeeds = (work: Promise<unknown>) =>
  work.then(
    () => true,
    () => false,
  );

describe("A primary that is killed, and one that comes back", () => {
  let pair: FailoverPair;
  let folder: string;
  let primaries: Primaries;
  let connection: Connection;
  let pool: pg.Pool;
  let lock: SessionLock;
  const lines: string[] = [];
  const note = (_fields: object, message: string) => void lines.push(message);
  const log: DatabaseLog = { ...silentLog, warn: note, error: note };

  before(async () => {
    pair = await startFailoverPair();
    folder = makeTestFolder();
    await pair.primary.run("create table written (at timestamptz default now())");
    primaries = new Primaries(log, storedTimelines(folder));
    connection = primaries.of(pair.url);
    pool = openPool({ connection, applicationName: "test", log: silentLog, connectTimeoutMs: 2000 });
    const named = { name: "test", called: "the lock", until: "nothing", applicationName: "test lock" };
    lock = new SessionLock(connection, named, silentLog);
  });
  after(async () => {
    await lock?.release();
    await pool?.end();
    await primaries?.close();
    await pair?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const rowsOn = async (node: "primary" | "standby") =>
    Number((await pair[node].query("select count(*)::int4 as rows from written"))[0]?.["rows"]);
  /** A process that starts now, with the files of the earlier one. */
  const inNewProcess = async (url: string) => {
    const others = new Primaries(silentLog, storedTimelines(folder));
    const client = openClient(others.of(url), { connectionTimeoutMillis: 5000 });
    try {
      await client.connect();
      return client.host;
    } finally {
      await client.end();
      await others.close();
    }
  };

  test("connections and locks go to the primary of the list", async () => {
    assert.equal(await lock.take(), true);
    await pool.query(statement);
    assert.equal(await inNewProcess(pair.url), pair.primary.address.host);
    const { acknowledgedBytes, endBytes } = await readServerState(pool);
    assert.ok(acknowledgedBytes > 0 && acknowledgedBytes <= endBytes);
    const single = openClient(new Primaries(silentLog).of(pair.standby.url));
    await assert.rejects(single.connect(), { code: "unavailable", message: /standby/ });
    const wrong = openClient(new Primaries(silentLog).of(pair.url.replace(/:[^:@]*@/, ":wrong@")));
    await assert.rejects(wrong.connect(), { code: "28P01" });
    const absent = openClient(new Primaries(silentLog).of("postgres://a:b@127.0.0.1:1,127.0.0.1:2/c"));
    await assert.rejects(absent.connect(), {
      code: "unavailable",
      message: /127.0.0.1:1: .*ECONNREFUSED.*127.0.0.1:2: /,
    });
  });

  test("after its death, the same pool and lock use the promoted standby, and no acknowledged row is lost", async () => {
    const acknowledged = { rows: await rowsOn("primary") };
    const ended = new AbortController();
    const failures: unknown[] = [];
    const writing = [1, 2, 3].map(async () => {
      while (!ended.signal.aborted) {
        try {
          await pool.query(statement);
          acknowledged.rows += 1;
        } catch (error) {
          failures.push(toDatabaseError(error));
          await delay(5);
        }
      }
    });
    const enough = acknowledged.rows + 50;
    await until("rows", () => acknowledged.rows >= enough);
    await pair.primary.kill();
    await pair.standby.promote();
    const atPromotion = acknowledged.rows;
    await until("rows on the new primary", () => acknowledged.rows > atPromotion + 50 && lock.held);
    ended.abort();
    await Promise.all(writing);
    assert.ok((await rowsOn("standby")) >= acknowledged.rows);
    assert.ok(failures.length > 0);
    for (const failure of failures) assert.equal((failure as { code?: string }).code, "unavailable", String(failure));
    assert.deepEqual(Object.values(JSON.parse(readFileSync(`${folder}/database-timelines.json`, "utf8"))), [2]);
    assert.ok(lines.includes("the database has a new primary"));
  });

  test("the old primary gets no write when it comes back as a primary, also from a process that starts", async () => {
    await pair.primary.start();
    await pair.primary.run("alter system reset synchronous_standby_names");
    await pair.primary.run("select pg_reload_conf()");
    const rows = await rowsOn("primary");
    await until("the report", () => lines.some(isRejected));
    for (let each = 0; each < 20; each++) await pool.query(statement);
    const together = Array.from({ length: 10 }, () => pool.query(statement));
    await Promise.all(together);
    assert.equal(await rowsOn("primary"), rows);
    assert.equal(await inNewProcess(pair.url), pair.standby.address.host);
    await assert.rejects(inNewProcess(pair.primary.url), {
      code: "unavailable",
      message: /old primary, on timeline 1/,
    });
    const forgotten = new Primaries(silentLog);
    const client = openClient(forgotten.of(pair.url));
    await client.connect();
    assert.equal(client.host, pair.standby.address.host);
    await client.end();
    await forgotten.close();
  });

  test("while only the old primary answers, nothing is written", async () => {
    await pair.standby.kill();
    const rows = await rowsOn("primary");
    for (let each = 0; each < 5; each++) assert.equal(await succeeds(pool.query(statement)), false);
    assert.equal(await rowsOn("primary"), rows);
    await assert.rejects(inNewProcess(pair.url), { code: "unavailable" });
    await pair.standby.start();
    await until("the new primary", () => succeeds(pool.query(statement)));
    assert.equal(await rowsOn("primary"), rows);
  });

  test("connections to a frozen primary are closed, so that nothing waits for it", async () => {
    await pair.primary.kill();
    const impatient = new Primaries(silentLog, storedTimelines(folder), { silentMsMax: 500 });
    const own = openPool({ connection: impatient.of(pair.url), applicationName: "test", log: silentLog });
    await until("the new primary", () => succeeds(own.query(statement)));
    pair.standby.signal("SIGSTOP");
    const waiting = await Promise.allSettled([own.query(statement), own.query(statement)]);
    for (const each of waiting) {
      assert.equal(each.status, "rejected");
      assert.equal((toDatabaseError(each.reason) as { code?: string }).code, "unavailable");
    }
    pair.standby.signal("SIGCONT");
    await until("its answer", () => succeeds(own.query(statement)));
    await own.end();
    await impatient.close();
  });
});

test("a query at a frozen primary fails, even if another connection has failed meanwhile", async (t) => {
  const pair = await startFailoverPair({ isSynchronous: false });
  const impatient = new Primaries(silentLog, undefined, { silentMsMax: 1500 });
  const connection = impatient.of(pair.url);
  const pool = openPool({ connection, applicationName: "test", log: silentLog });
  t.after(async () => {
    pair.primary.signal("SIGCONT");
    await pool.end();
    await impatient.close();
    await pair.stop();
  });
  await pool.query("select 1");
  pair.primary.signal("SIGSTOP");
  const waiting = assert.rejects(pool.query("select 2"), /does not answer/);
  assert.equal(await succeeds(openClient(connection, { connectionTimeoutMillis: 500 }).connect()), false);
  await waiting;
});

test("while the primary is away, a standby that rejects the account does not make the error permanent", async (t) => {
  const pair = await startFailoverPair({ isSynchronous: false });
  const message = "SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host\0\0";
  const rejecting = createServer((socket) => {
    socket.on("error", () => {});
    const head = Buffer.from("E0000");
    head.writeInt32BE(message.length + 4, 1);
    socket.once("data", () => socket.end(Buffer.concat([head, Buffer.from(message)])));
  });
  await once(rejecting.listen(0, "127.0.0.1"), "listening");
  const { host, port } = pair.primary.address;
  const url = new URL(pair.url.replace("@/", "@unused/"));
  url.searchParams.set("host", `${host},127.0.0.1`);
  url.searchParams.set("port", `${port},${(rejecting.address() as AddressInfo).port}`);
  const primaries = new Primaries(silentLog);
  const connection = primaries.of(url.href);
  const pool = openPool({ connection, applicationName: "test", log: silentLog });
  t.after(async () => {
    await pool.end();
    await primaries.close();
    rejecting.close();
    await pair.stop();
  });
  await pool.query("select 1");
  await pair.primary.kill();
  // The first one may find its connection lost.
  await succeeds(pool.query("select 1"));
  const failure: unknown = await pool.query("select 1").catch(toDatabaseError);
  assert.equal((failure as { code?: string }).code, "unavailable");
});

describe("An asynchronous standby that is promoted", () => {
  test("is used, and its missing changes are reported", async (t) => {
    const pair = await startFailoverPair({ isSynchronous: false });
    const lines: string[] = [];
    const note = (_fields: object, message: string) => void lines.push(message);
    const primaries = new Primaries({ ...silentLog, warn: note, error: note });
    const connection = primaries.of(pair.url);
    const pool = openPool({ connection, applicationName: "test", log: silentLog });
    t.after(async () => {
      await pool.end();
      await primaries.close();
      await pair.stop();
    });
    await pool.query("create table written (at timestamptz default now())");
    await pair.standby.stop();
    await pool.query("insert into written select now() from generate_series(1, 50000)");
    // A new connection reads the position of the log.
    const client = openClient(connection);
    await client.connect();
    await client.end();
    await pair.primary.kill();
    await pair.standby.start();
    await pair.standby.promote();
    await until("the new primary", () => succeeds(pool.query("select")));
    assert.equal(lines.filter((line) => line.startsWith("the new primary lacks changes")).length, 1);
  });
});

const isRejected = (line: string) => line.startsWith("a server of the database") && line.endsWith("is not used");
