import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer, Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { bounded, until } from "@holdfast/tools/bounded";
import { openDatabase } from "./database.ts";
import type { DatabaseLog } from "./database-log.ts";
import { processesIn, stopProcessesIn } from "./embedded/leftover.ts";
import { type EmbeddedPostgres, findRunningPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { childrenOf, commandOf } from "../operation/testing-processes.ts";
import { copyTemplate, makeTestFolder, silentLog } from "./testing.ts";
import { isLongTier, longTest } from "@holdfast/tools/tiers";

const isRoot = process.getuid?.() === 0;

function emptyFolder(t: TestContext): string {
  const folder = makeTestFolder();
  afterwards(t, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** In reverse order, unlike `t.after`: a database stops before its folder is removed. */
const cleaners = new WeakMap<TestContext, (() => unknown)[]>();

function afterwards(t: TestContext, clean: () => unknown): void {
  const known = cleaners.get(t);
  if (known !== undefined) {
    known.push(clean);
    return;
  }
  const own = [clean];
  cleaners.set(t, own);
  t.after(async () => {
    for (const each of own.toReversed()) await each();
  });
}

async function folderWithDatabase(t: TestContext): Promise<string> {
  const folder = emptyFolder(t);
  await copyTemplate(folder);
  return folder;
}

async function start(t: TestContext, dataFolder: string, more: { loopback?: boolean; log?: DatabaseLog } = {}) {
  const postgres = await startEmbeddedPostgres({ dataFolder, log: silentLog, random: randomBytes, ...more });
  const database = openDatabase<{ line: { id: number } }>({
    connection: postgres.connection,
    applicationName: "test",
    log: silentLog,
  });
  afterwards(t, async () => {
    await database.close();
    await postgres.stop();
  });
  return { postgres, ...database };
}

const restarted = (postgres: EmbeddedPostgres) => new Promise<void>((resolve) => postgres.onRestart(resolve));
const isUnavailable = (error: unknown) => error instanceof HoldfastError && error.code === "unavailable";

test("the first start creates a durable UTF-8 database with checksums, which the second start reuses", async (t) => {
  const folder = emptyFolder(t);
  const first = await start(t, folder);
  const { rows } = await sql`
    select current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
      current_setting('full_page_writes') as full_pages, current_setting('synchronous_commit') as commit,
      current_setting('listen_addresses') as addresses, current_setting('server_encoding') as encoding,
      datlocprovider::text as provider, datlocale as locale
    from pg_database where datname = current_database()`.execute(first.db);
  const expected = { checksums: "on", fsync: "on", full_pages: "on", commit: "on", addresses: "", encoding: "UTF8" };
  assert.deepEqual(rows[0], { ...expected, provider: "b", locale: "C.UTF-8" });
  await sql`create table line (id int8)`.execute(first.db);
  assert.equal(statSync(join(folder, "database-password")).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, "postgres")).mode & 0o777, 0o700);
  assert.deepEqual(findRunningPostgres(folder), first.postgres.connection);
  await first.close();
  await first.postgres.stop();
  assert.deepEqual(processesIn(join(folder, "postgres")), []);
  assert.equal(findRunningPostgres(folder), undefined);
  const second = await start(t, folder);
  assert.deepEqual(await second.db.selectFrom("line").selectAll().execute(), []);
});

test("a wrong password is rejected, also over the socket", async (t) => {
  const { postgres } = await start(t, await folderWithDatabase(t));
  const { close, db } = openDatabase({
    connection: { ...postgres.connection, password: "wrong" },
    applicationName: "test",
    log: silentLog,
  });
  await assert.rejects(sql`select 1`.execute(db), (error) => (error as { code?: string }).code === "28P01");
  await close();
});

test("the log contains no statements, values or passwords", async (t) => {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(JSON.stringify({ fields, message }));
  const log = { debug: write, info: write, warn: write, error: write };
  const folder = emptyFolder(t);
  const { db, close, postgres } = await start(t, folder, { log });
  await sql`create table secret (word text primary key)`.execute(db);
  await sql`insert into secret values (${"xyzzy"})`.execute(db);
  await assert.rejects(sql`insert into secret values (${"xyzzy"})`.execute(db), /duplicate/);
  await assert.rejects(sql`select ${"xyzzy"}::int8`.execute(db), /xyzzy/);
  await close();
  await postgres.stop();
  const said = lines.join("\n");
  assert.match(said, /ready to accept connections/);
  assert.doesNotMatch(said, /xyzzy|secret/);
  assert.ok(!said.includes(readFileSync(join(folder, "database-password"), "utf8").trim()));
});

test("a killed database restarts automatically, even while its old sessions still run", async (t) => {
  const folder = await folderWithDatabase(t);
  const { postgres, db } = await start(t, folder);
  await sql`create table line (id int8)`.execute(db);
  await sql`insert into line values (1)`.execute(db);
  // Keeps the shared memory for minutes, because this session does not check its postmaster.
  const busy = sql`select count(*) from generate_series(1, 10000000000)`.execute(db);
  const { pid } = await db.connection().execute(async (one) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(one);
    const back = restarted(postgres);
    process.kill(postgres.pid() ?? 0, "SIGKILL");
    await assert.rejects(busy, isUnavailable);
    await back;
    return rows[0] ?? { pid: 0 };
  });
  assert.ok(!processesIn(join(folder, "postgres")).includes(pid), "the old session is gone");
  assert.deepEqual(await db.selectFrom("line").selectAll().execute(), [{ id: 1 }]);
});

test("statements fail as unavailable and retryable while the database is down", async (t) => {
  const { postgres, db } = await start(t, await folderWithDatabase(t));
  await sql`select 1`.execute(db);
  const back = restarted(postgres);
  process.kill(postgres.pid() ?? 0, "SIGKILL");
  const errors: unknown[] = [];
  const up = new AbortController();
  void back.then(() => up.abort());
  const stillInTime = bounded("the database is back");
  while (!up.signal.aborted) {
    stillInTime();
    await sql`select 1`.execute(db).catch((error: unknown) => errors.push(error));
  }
  assert.ok(errors.length > 0);
  assert.deepEqual(
    errors.filter((error) => !isUnavailable(error)),
    [],
  );
  await sql`select 1`.execute(db);
});

interface TestServer {
  readonly process: ChildProcess;
  readonly postgresPid: number;
  readonly uid: number;
  addRow(): Promise<number>;
}

async function startServer(
  t: TestContext,
  folder: string,
  user: { uid?: number; gid?: number } = {},
): Promise<TestServer> {
  const script = new URL("./testing-server.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], { ...user, stdio: ["pipe", "pipe", "inherit"] });
  afterwards(t, async () => {
    child.kill("SIGKILL");
    await stopProcessesIn(join(folder, "postgres"));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => JSON.parse((await lines.next()).value ?? "null") as Record<string, number>;
  const { pid, uid } = await read();
  return {
    process: child,
    postgresPid: pid ?? 0,
    uid: uid ?? 0,
    addRow: async () => {
      child.stdin.write("row\n");
      return (await read())["rows"] ?? 0;
    },
  };
}

function postmastersIn(dataFolder: string): number[] {
  const all = processesIn(join(dataFolder, "postgres"));
  const children = new Set(all.flatMap(childrenOf));
  // Checked last, because session processes can end at any moment.
  return all.filter((pid) => !children.has(pid) && commandOf(pid) !== "");
}

async function kill(server: TestServer): Promise<void> {
  const exited = once(server.process, "exit");
  server.process.kill("SIGKILL");
  await exited;
}

test("a killed server starts again each time without losing committed data", async (t) => {
  const folder = await folderWithDatabase(t);
  const rounds = isLongTier ? 3 : 1;
  for (let round = 1; round <= rounds; round++) {
    const server = await startServer(t, folder);
    assert.equal(await server.addRow(), round);
    await kill(server);
    if (round === 2) process.kill(server.postgresPid, "SIGKILL");
  }
  const last = await startServer(t, folder);
  assert.equal(await last.addRow(), rounds + 1);
  last.process.stdin?.end();
  assert.deepEqual(await once(last.process, "exit"), [0, null]);
  assert.deepEqual(processesIn(join(folder, "postgres")), []);
});

longTest(
  "a data folder moved after its server was killed keeps its database, whose old process the next start ends",
  async (t) => {
    const parent = emptyFolder(t);
    chmodSync(parent, 0o755);
    const [before, moved] = [join(parent, "before"), join(parent, "moved")];
    mkdirSync(before);
    await copyTemplate(before);
    const killed = await startServer(t, before);
    assert.equal(await killed.addRow(), 1);
    await kill(killed);
    renameSync(before, moved);
    afterwards(t, () => stopProcessesIn(join(moved, "postgres")));
    assert.deepEqual(postmastersIn(moved), [killed.postgresPid], "it still runs");
    mkdirSync(before);
    await copyTemplate(before);
    const anew = await start(t, before);
    await sql`select 1`.execute(anew.db);
    const { postgres, db } = await start(t, moved);
    assert.deepEqual(postmastersIn(moved), [postgres.pid()]);
    assert.equal((await sql<{ n: number }>`select count(*)::int4 as n from line`.execute(db)).rows[0]?.n, 1);
    assert.deepEqual(postmastersIn(before), [anew.postgres.pid()]);
    // Opens a new connection, because the killed database had its socket there.
    const again = openDatabase({ connection: anew.postgres.connection, applicationName: "test", log: silentLog });
    afterwards(t, () => again.close());
    await sql`select 1`.execute(again.db);
  },
);

longTest("a killed first start leaves nothing half-created", async (t) => {
  const folder = emptyFolder(t);
  for (const milestone of ["database-password", "postgres-new-", "postgres"]) {
    const script = new URL("./testing-server.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "ignore", "inherit"] });
    const exited = once(child, "exit");
    await until(milestone, () => readdirSync(folder).some((name) => name.startsWith(milestone)));
    child.kill("SIGKILL");
    await exited;
  }
  const server = await startServer(t, folder);
  assert.equal(await server.addRow(), 1);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("postgres-new-")),
    [],
  );
  server.process.stdin?.end();
  await once(server.process, "exit");
});

/** A user that every system has, other than root and nobody. */
const daemon = { uid: 1, gid: 1 };

longTest("a user other than root runs the database under its own account", async (t) => {
  if (!isRoot) return t.skip("every other test here does");
  const folder = emptyFolder(t);
  chownSync(folder, daemon.uid, daemon.gid);
  const server = await startServer(t, folder, daemon);
  assert.equal(server.uid, daemon.uid);
  assert.equal(await server.addRow(), 1);
  assert.equal(statSync(`/proc/${server.postgresPid}`).uid, daemon.uid);
  await kill(server);
  const byRoot = await startServer(t, folder);
  assert.equal(await byRoot.addRow(), 2);
  assert.equal(statSync(`/proc/${byRoot.postgresPid}`).uid, daemon.uid);
  byRoot.process.stdin?.end();
  await once(byRoot.process, "exit");
});

longTest("a user without a name gets an error with advice", async (t) => {
  if (!isRoot) return t.skip("only root can become one");
  const folder = emptyFolder(t);
  const nameless = { uid: 1_999_999_999, gid: 1_999_999_999 };
  chownSync(folder, nameless.uid, nameless.gid);
  const script = new URL("./testing-server.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [script, folder], { ...nameless, stdio: ["ignore", "ignore", "pipe"] });
  const said = await child.stderr.setEncoding("utf8").toArray();
  assert.match(said.join(""), /user 1999999999 has no name on this system.*\/etc\/passwd/s);
});

test("a stale pid file with a reused pid stops neither the start nor the other process", async (t) => {
  const folder = await folderWithDatabase(t);
  const user = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  const innocent = spawn(process.execPath, ["-e", "setInterval(() => {}, 60_000)"], {
    ...user,
    cwd: "/",
    stdio: "ignore",
  });
  await once(innocent, "spawn");
  afterwards(t, () => innocent.kill("SIGKILL"));
  const cluster = join(folder, "postgres");
  const socket = join(folder, "postgres-socket");
  writeFileSync(join(cluster, "postmaster.pid"), `${innocent.pid}\n${cluster}\n1\n5432\n${socket}\n\n0 0\nready\n`);
  mkdirSync(socket);
  writeFileSync(join(socket, ".s.PGSQL.5432.lock"), `${innocent.pid}\n${cluster}\n1\n5432\n${socket}\n`);
  writeFileSync(join(socket, ".s.PGSQL.5432"), "");
  assert.equal(findRunningPostgres(folder), undefined);
  const { db } = await start(t, folder);
  await sql`select 1`.execute(db);
  assert.equal(innocent.exitCode ?? innocent.signalCode, null);
});

test("a data folder with a path too long for a socket uses a short folder and removes it", async (t) => {
  const folder = join(emptyFolder(t), `long ${"x".repeat(120)}`, 'a, "b"');
  mkdirSync(folder, { recursive: true });
  chmodSync(join(folder, "..", ".."), 0o755);
  await copyTemplate(folder);
  const { db, postgres, close } = await start(t, folder);
  await sql`select 1`.execute(db);
  const host = postgres.connection.host ?? "";
  assert.ok(host.length < 90 && existsSync(host));
  assert.equal(statSync(host).mode & 0o777, 0o700);
  await close();
  await postgres.stop();
  assert.ok(!existsSync(host));
});

test("the database listens on loopback where Unix sockets are not available", async (t) => {
  const { db, postgres } = await start(t, await folderWithDatabase(t), { loopback: true });
  assert.equal(postgres.connection.host, "127.0.0.1");
  await sql`select 1`.execute(db);
});

test("a loopback port taken by another process in the meantime is replaced by a new one", async (t) => {
  const folder = await folderWithDatabase(t);
  const thief = createServer();
  afterwards(t, () => thief.close());
  const close: (this: Server, done: () => void) => Server = Reflect.get(Server.prototype, "close");
  t.mock.method(
    Server.prototype,
    "close",
    function closeAndTake(this: Server, done: () => void): Server {
      const { port } = this.address() as AddressInfo;
      return close.call(this, () => thief.listen(port, "127.0.0.1", done));
    },
    { times: 1 },
  );
  const { db, postgres } = await start(t, folder, { loopback: true });
  assert.notEqual(postgres.connection.port, (thief.address() as AddressInfo).port);
  await sql`select 1`.execute(db);
});

test("another major version, a lost password and a blocked folder are rejected with the reason", async (t) => {
  const folder = await folderWithDatabase(t);
  const refused = (pattern: RegExp) =>
    assert.rejects(
      startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes }),
      (error) => error instanceof HoldfastError && error.code === "failed" && pattern.test(error.message),
    );
  const password = readFileSync(join(folder, "database-password"));
  rmSync(join(folder, "database-password"));
  await refused(/database-password is missing/);
  writeFileSync(join(folder, "database-password"), password);
  writeFileSync(join(folder, "postgres", "PG_VERSION"), "17\n");
  await refused(/created by PostgreSQL 17, but this Holdfast includes PostgreSQL 18/);
  if (!isRoot) return;
  const parent = emptyFolder(t);
  const blocked = join(parent, "data");
  mkdirSync(blocked);
  chmodSync(parent, 0o700);
  await assert.rejects(
    startEmbeddedPostgres({ dataFolder: blocked, log: silentLog, random: randomBytes }),
    (error) =>
      error instanceof HoldfastError &&
      error.message.includes(`chmod o+x ${parent}`) &&
      error.message.includes("--data DIR"),
  );
});
