import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { sql } from "kysely";
import { until } from "@holdfast/tools/bounded";
import { knowFolder } from "../../data-folder/known-folder.ts";
import { openDatabase } from "../database.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../embedded-postgres.ts";
import { copyTemplate, makeTestFolder, silentLog } from "../testing.ts";
import { findBinaries } from "./binaries.ts";
import { clusterFolderOf } from "./cluster.ts";
import { processesIn, stopProcessesIn } from "./leftover.ts";
import { startPostmaster } from "./postmaster.ts";

const nobody = { uid: 65_534, gid: 65_534 };
const onlyRoot = { skip: process.getuid?.() !== 0 && "only root runs the database as another user" };

function testFolder(t: TestContext): string {
  const folder = makeTestFolder();
  t.after(async () => {
    for (const postgres of started.get(folder) ?? []) await postgres.stop();
    await stopProcessesIn(clusterFolderOf(folder));
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

const started = new Map<string, EmbeddedPostgres[]>();

async function start(dataFolder: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataFolder, log: silentLog, random: randomBytes });
  started.set(dataFolder, [...(started.get(dataFolder) ?? []), postgres]);
  return postgres;
}

function all(folder: string): string[] {
  return [folder, ...globSync("**/*", { cwd: folder }).map((name) => join(folder, name))];
}

function canRead(path: string, as: { uid: number; gid: number }): boolean {
  return spawnSync("cat", [path], { ...as, cwd: "/" }).status === 0;
}

const uidOf = (postgres: EmbeddedPostgres) => statSync(`/proc/${postgres.pid()}`).uid;

test("root's database runs as a user of its own, and other users cannot read its files", onlyRoot, async (t) => {
  const folder = testFolder(t);
  const postgres = await start(folder);
  const uid = uidOf(postgres);
  assert.notEqual(uid, 0);
  assert.notEqual(uid, nobody.uid);
  assert.doesNotMatch(readFileSync("/etc/passwd", "utf8"), new RegExp(`:${uid}:`));
  const running = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const others = running.filter((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid).map(Number);
  assert.deepEqual(
    others.filter((pid) => !processesIn(clusterFolderOf(folder)).includes(pid)),
    [],
  );
  for (const path of all(clusterFolderOf(folder))) {
    const stats = lstatSync(path);
    assert.equal(stats.uid, uid, path);
    assert.equal(stats.mode & 0o777, stats.isDirectory() ? 0o700 : 0o600, path);
  }
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(folder).uid, statSync(folder).gid], [0o710, 0, uid]);
  for (const stranger of [nobody, { uid: 1, gid: 1 }]) {
    assert.ok(!canRead(join(clusterFolderOf(folder), "PG_VERSION"), stranger));
    assert.ok(!canRead(join(folder, "postgres-socket"), stranger));
  }
  await postgres.stop();
  const again = await start(folder);
  assert.equal(uidOf(again), uid, "it keeps its user");
  await again.stop();
});

test(
  "another process of the user nobody cannot read the password while the database is created",
  onlyRoot,
  async (t) => {
    const folder = testFolder(t);
    const script = new URL("../testing-server.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [script, folder], { stdio: ["pipe", "ignore", "inherit"] });
    const exited = once(child, "exit");
    const find = () => globSync("postgres-new-*/password", { cwd: folder })[0];
    let password: string | undefined;
    const isSeen = () => (password = find()) !== undefined || existsSync(clusterFolderOf(folder));
    await until("the cluster is being made", isSeen);
    assert.ok(password !== undefined, "it was seen being made");
    assert.ok(!canRead(join(folder, password), nobody));
    child.stdin.end();
    await exited;
  },
);

/** Left by a server that ran the database as `nobody`. */
async function folderOfNobody(t: TestContext): Promise<string> {
  const folder = testFolder(t);
  await copyTemplate(folder);
  chmodSync(folder, 0o711);
  for (const path of all(clusterFolderOf(folder))) chownSync(path, nobody.uid, nobody.gid);
  return folder;
}

async function addRow({ connection }: EmbeddedPostgres): Promise<number> {
  const { db, close } = openDatabase<unknown>({ connection, applicationName: "test", log: silentLog });
  await sql`create table if not exists line (at timestamptz)`.execute(db);
  await sql`insert into line values (now())`.execute(db);
  const { rows } = await sql<{ n: number }>`select count(*)::int4 as n from line`.execute(db);
  await close();
  return rows[0]?.n ?? 0;
}

test("a database owned by nobody changes its owner, without touching files outside", onlyRoot, async (t) => {
  const folder = await folderOfNobody(t);
  const cluster = clusterFolderOf(folder);
  const outside = join(testFolder(t), "outside");
  mkdirSync(outside);
  for (const name of ["linked", "named twice"]) writeFileSync(join(outside, name), name, { mode: 0o640 });
  // Another process running as nobody could have created these.
  symlinkSync(outside, join(cluster, "a link to a folder"));
  symlinkSync(join(outside, "linked"), join(cluster, "a link"));
  linkSync(join(outside, "named twice"), join(cluster, "a second name"));
  const postgres = await start(folder);
  const uid = uidOf(postgres);
  assert.notEqual(uid, nobody.uid);
  assert.equal(await addRow(postgres), 1);
  await postgres.stop();
  const left = all(cluster).filter((path) => lstatSync(path).uid !== uid);
  assert.deepEqual(left.map((path) => path.slice(cluster.length + 1)).toSorted(), [
    "a link",
    "a link to a folder",
    "a second name",
  ]);
  for (const path of all(outside)) assert.deepEqual([statSync(path).uid, statSync(path).gid], [0, 0], path);
  assert.equal(statSync(join(outside, "named twice")).mode & 0o777, 0o640);
});

test("a database still running as nobody after its server was killed is stopped first", onlyRoot, async (t) => {
  const folder = await folderOfNobody(t);
  const { postgres: program } = await findBinaries(folder, nobody, silentLog);
  const settings = { listen_addresses: "", unix_socket_directories: clusterFolderOf(folder) };
  const cluster = knowFolder(clusterFolderOf(folder));
  t.after(() => cluster.close());
  const orphan = await startPostmaster({
    program,
    cluster,
    settings,
    account: nobody,
    log: silentLog,
  });
  const postgres = await start(folder);
  await orphan.exited;
  assert.notEqual(uidOf(postgres), nobody.uid);
  assert.equal(await addRow(postgres), 1);
  await postgres.stop();
});

test("an interrupted change of owner is completed, also for a copy made by root", onlyRoot, async (t) => {
  const folder = await folderOfNobody(t);
  const cluster = clusterFolderOf(folder);
  const first = await start(folder);
  assert.equal(await addRow(first), 1);
  await first.stop();
  chownSync(cluster, 0, 0);
  for (const name of readdirSync(cluster).slice(0, 10)) chownSync(join(cluster, name), nobody.uid, nobody.gid);
  for (const name of readdirSync(cluster).slice(10, 15)) chownSync(join(cluster, name), 0, 0);
  chmodSync(join(cluster, "PG_VERSION"), 0o644);
  const second = await start(folder);
  assert.equal(await addRow(second), 2);
  const uid = uidOf(second);
  await second.stop();
  assert.deepEqual(new Set(all(cluster).map((path) => lstatSync(path).uid)), new Set([uid]));
  assert.equal(statSync(join(cluster, "PG_VERSION")).mode & 0o777, 0o600);
});

test("a data folder that others may list stays so, and gives the database access", onlyRoot, async (t) => {
  const folder = testFolder(t);
  await copyTemplate(folder);
  chownSync(folder, 0, 1);
  chmodSync(folder, 0o750);
  const postgres = await start(folder);
  assert.deepEqual([statSync(folder).mode & 0o777, statSync(folder).gid], [0o751, 1]);
  await postgres.stop();
});
